// The page of Swagger UI, which the policy lets start from a file of ours only.
SwaggerUIBundle({
  url: new URL("/openapi.json", location.href).href, // whole, or it leaves relative links out
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null, // it would send the description elsewhere
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  onComplete: () => document.getElementById("servers")?.setAttribute("aria-label", "Server"),
});
