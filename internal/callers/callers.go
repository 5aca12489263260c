// Package callers has what the edge and the completion service have to agree on about callers.
package callers

// Anonymous is the principal of unidentified callers.
const Anonymous = "anonymous"
