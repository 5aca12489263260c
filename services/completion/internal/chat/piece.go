package chat

// PieceKind is the kind of a piece of an answer, in the contract's spelling.
type PieceKind string

// The kinds of pieces.
const (
	PieceReasoning PieceKind = "reasoning"
	PieceContent   PieceKind = "content"
	PieceToolCall  PieceKind = "tool_call"
)

// A Piece names a piece of the first choice of an earlier completion.
type Piece struct {
	CompletionID string
	Kind         PieceKind
	Index        int // of the tool call
}
