// The page of Swagger UI, which the policy lets start from a file of ours only.

/** An operation's path is a link within the button that opens it. It is none here: the button sets the address too. */
const plainPaths = () => ({
  wrapComponents: { DeepLink: (Link, { React }) => (props) => React.createElement(Link, { ...props, enabled: props.enabled && !props.path.includes("/") }) },
});

// What Swagger UI leaves without a name, or names otherwise than it reads; and long examples scroll by keyboard, too.
const names = { ".body-param__text": "Request body", ".close-modal": "Close", ".modal-btn.authorize": "Authorize" };
new MutationObserver(() => {
  for (const example of document.querySelectorAll("pre.example:not([tabindex])")) example.tabIndex = 0;
  for (const [part, name] of Object.entries(names)) for (const e of document.querySelectorAll(part)) e.setAttribute("aria-label", name);
}).observe(document.getElementById("swagger-ui"), { childList: true, subtree: true });

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
