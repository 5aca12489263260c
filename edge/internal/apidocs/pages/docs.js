// The page of Swagger UI, which the policy lets start from a file of ours only.

/** An operation's path is a link within the button that opens it. It is none here: the button sets the address too. */
const plainPaths = () => ({
  wrapComponents: { DeepLink: (Link, { React }) => (props) => React.createElement(Link, { ...props, enabled: props.enabled && !props.path.includes("/") }) },
});

SwaggerUIBundle({
  url: new URL("/openapi.json", location.href).href, // whole, or it leaves relative links out
  dom_id: "#swagger-ui",
  deepLinking: true,
  plugins: [plainPaths],
  validatorUrl: null, // it would send the description elsewhere
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  onComplete: () => document.getElementById("servers")?.setAttribute("aria-label", "Server"),
});
