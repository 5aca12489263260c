// Package callers has what the edge and the completion service have to agree on about those who call.
package callers

// Anonymous is the principal of callers that nobody has identified.
const Anonymous = "anonymous"
