package failure_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/protoname"
)

// rows reads a table of docs/errors.md: each code, with the text of the columns after it.
func rows(t *testing.T, title string, columns int) map[string]string {
	t.Helper()
	page, err := os.ReadFile("../../../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## "+title+"\n")
	section, _, _ = strings.Cut(section, "\n## ")
	all := make(map[string]string)
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if len(cells) < columns+2 || strings.Contains(cells[0], "---") || cells[0] == " code" {
			continue
		}
		names, _, _ := strings.Cut(cells[0], " (reason ")
		reason := regexp.MustCompile(`\(reason (\w+)\)`).FindStringSubmatch(cells[0])
		for code := range strings.SplitSeq(strings.TrimSpace(names), ", ") {
			symbol := strings.ToUpper(code)
			if reason != nil {
				symbol = reason[1]
			}
			all[symbol] = strings.Join(append([]string{code}, cells[1:1+columns]...), " ")
		}
	}
	return all
}

// TestThePageHasTheContractsReasons compares docs/errors.md with the contract. Other tests compare the page
// about streams, the description of the API and the chat page with docs/errors.md.
func TestThePageHasTheContractsReasons(t *testing.T) {
	want := make(map[string]string)
	values := completionv1.Reason(0).Descriptor().Values()
	for i := 1; i < values.Len(); i++ {
		reason := completionv1.Reason(values.Get(i).Number())
		means := proto.GetExtension(values.Get(i).Options(), completionv1.E_Failure).(*completionv1.Failure)
		want[protoname.Symbol(reason)] = fmt.Sprintf("%s %d %s %s",
			protoname.Of(reason), means.GetHttp(), protoname.Of(means.GetRetry()), means.GetGrpc())
	}
	if diff := cmp.Diff(want, rows(t, "From the completion service", 3)); diff != "" {
		t.Errorf("docs/errors.md (-contract +page)\n%s", diff)
	}
}

// TestThePageHasTheEdgesErrors compares docs/errors.md with the edge's own errors, including the codes of the
// body decoders.
func TestThePageHasTheEdgesErrors(t *testing.T) {
	own := map[string]string{"INVALID_JSON": "400", "INVALID_TYPE": "400", "UNKNOWN_PARAMETER": "400"}
	for _, e := range []*failure.Error{
		failure.UnknownURL(), failure.MethodNotAllowed(""), failure.UnsupportedMediaType(""), failure.RequestTimeout(),
		failure.DeadlineExceeded(), failure.TooLarge(1), failure.TooManyItems(1), failure.InvalidEventID(""),
		failure.NoAPIKey(), failure.PermissionDenied(""), failure.ForeignHost(""), failure.CompletionLost(),
		failure.RateLimited(0, 0), failure.TooManyStreams(0, 0), failure.Overloaded(0), failure.NoRoom(0), failure.NoRoomForCaller(0),
		failure.NotShown("", ""), failure.NoWebSocket(),
	} {
		own[strings.ToUpper(string(e.Code))] = fmt.Sprint(e.Status)
	}
	got := rows(t, "From the edge", 2)
	for code, cells := range got {
		got[code] = strings.Trim(strings.Fields(cells)[1], ",")
	}
	if diff := cmp.Diff(own, got); diff != "" {
		t.Errorf("docs/errors.md (-edge +page)\n%s", diff)
	}
}

// TestCodes compares the table of the edge's codes with the contract's reasons, and with docs/errors.md.
func TestCodes(t *testing.T) {
	source, err := os.ReadFile("code.go")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	reasons := protoname.All[completionv1.Reason]()
	ofContract, own, _ := strings.Cut(string(source), "// The edge's own codes.")
	value := regexp.MustCompile(`Code = "(\w+)"`)
	for _, code := range value.FindAllStringSubmatch(ofContract, -1) {
		if !slices.Contains(reasons, code[1]) {
			t.Errorf("the contract does not have %s", code[1])
		}
	}
	for _, code := range value.FindAllStringSubmatch(own, -1) {
		if slices.Contains(reasons, code[1]) && code[1] != string(failure.CodeInternal) { // its reason is withheld
			t.Errorf("%s is one of the contract's", code[1])
		}
		if !regexp.MustCompile(`\b` + code[1] + `\b`).Match(page) {
			t.Errorf("docs/errors.md does not have %s", code[1])
		}
	}
}
