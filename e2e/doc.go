// Package e2e tests the programs as their users meet them: the real binaries as
// processes of their own, real clients of several languages, and connections that
// break.
//
// Everything is on loopback and on ports that the system picks. The programs are
// built with the race detector, once for each run of the tests; whatever they log
// as an error fails the run. Node, Python, curl and Chromium are used where they are
// installed; with CI=true in the environment they have to be.
package e2e
