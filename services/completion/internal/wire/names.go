package wire

import (
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// A name is a value in both spellings.
type name[P, D comparable] struct {
	proto  P
	domain D
}

func toDomain[P, D comparable](table []name[P, D], p P) (d D) {
	for _, n := range table {
		if n.proto == p {
			return n.domain
		}
	}
	return d
}

func toProto[P, D comparable](table []name[P, D], d D) (p P) {
	for _, n := range table {
		if n.domain == d {
			return n.proto
		}
	}
	return p
}

func roles() []name[completionv1.Role, chat.Role] {
	return []name[completionv1.Role, chat.Role]{
		{completionv1.Role_ROLE_SYSTEM, chat.RoleSystem},
		{completionv1.Role_ROLE_DEVELOPER, chat.RoleDeveloper},
		{completionv1.Role_ROLE_USER, chat.RoleUser},
		{completionv1.Role_ROLE_ASSISTANT, chat.RoleAssistant},
		{completionv1.Role_ROLE_TOOL, chat.RoleTool},
	}
}

func policies() []name[completionv1.OnDisconnect, chat.OnDisconnect] {
	return []name[completionv1.OnDisconnect, chat.OnDisconnect]{
		{completionv1.OnDisconnect_ON_DISCONNECT_CANCEL, chat.OnDisconnectCancel},
		{completionv1.OnDisconnect_ON_DISCONNECT_GRACE, chat.OnDisconnectGrace},
		{completionv1.OnDisconnect_ON_DISCONNECT_CONTINUE, chat.OnDisconnectContinue},
	}
}

func toolModes() []name[completionv1.ToolChoiceMode, chat.ToolChoiceMode] {
	return []name[completionv1.ToolChoiceMode, chat.ToolChoiceMode]{
		{completionv1.ToolChoiceMode_TOOL_CHOICE_MODE_NONE, chat.ToolChoiceNone},
		{completionv1.ToolChoiceMode_TOOL_CHOICE_MODE_AUTO, chat.ToolChoiceAuto},
		{completionv1.ToolChoiceMode_TOOL_CHOICE_MODE_REQUIRED, chat.ToolChoiceRequired},
	}
}

func modalities() []name[completionv1.Modality, chat.Modality] {
	return []name[completionv1.Modality, chat.Modality]{
		{completionv1.Modality_MODALITY_TEXT, chat.ModalityText},
		{completionv1.Modality_MODALITY_AUDIO, chat.ModalityAudio},
	}
}

func efforts() []name[completionv1.ReasoningEffort, chat.ReasoningEffort] {
	return []name[completionv1.ReasoningEffort, chat.ReasoningEffort]{
		{completionv1.ReasoningEffort_REASONING_EFFORT_NONE, "none"},
		{completionv1.ReasoningEffort_REASONING_EFFORT_MINIMAL, "minimal"},
		{completionv1.ReasoningEffort_REASONING_EFFORT_LOW, "low"},
		{completionv1.ReasoningEffort_REASONING_EFFORT_MEDIUM, "medium"},
		{completionv1.ReasoningEffort_REASONING_EFFORT_HIGH, "high"},
		{completionv1.ReasoningEffort_REASONING_EFFORT_XHIGH, "xhigh"},
		{completionv1.ReasoningEffort_REASONING_EFFORT_MAX, "max"},
	}
}

func verbosities() []name[completionv1.Verbosity, chat.Verbosity] {
	return []name[completionv1.Verbosity, chat.Verbosity]{
		{completionv1.Verbosity_VERBOSITY_LOW, chat.VerbosityLow},
		{completionv1.Verbosity_VERBOSITY_MEDIUM, chat.VerbosityMedium},
		{completionv1.Verbosity_VERBOSITY_HIGH, chat.VerbosityHigh},
	}
}

func finishReasons() []name[completionv1.FinishReason, chat.FinishReason] {
	return []name[completionv1.FinishReason, chat.FinishReason]{
		{completionv1.FinishReason_FINISH_REASON_STOP, chat.FinishStop},
		{completionv1.FinishReason_FINISH_REASON_LENGTH, chat.FinishLength},
		{completionv1.FinishReason_FINISH_REASON_TOOL_CALLS, chat.FinishToolCalls},
		{completionv1.FinishReason_FINISH_REASON_CONTENT_FILTER, chat.FinishContentFilter},
	}
}

func statuses() []name[completionv1.CompletionStatus, chat.Status] {
	return []name[completionv1.CompletionStatus, chat.Status]{
		{completionv1.CompletionStatus_COMPLETION_STATUS_IN_PROGRESS, chat.StatusInProgress},
		{completionv1.CompletionStatus_COMPLETION_STATUS_COMPLETED, chat.StatusCompleted},
		{completionv1.CompletionStatus_COMPLETION_STATUS_FAILED, chat.StatusFailed},
		{completionv1.CompletionStatus_COMPLETION_STATUS_CANCELLED, chat.StatusCancelled},
	}
}

func stages() []name[completionv1.Progress_Stage, chat.Stage] {
	return []name[completionv1.Progress_Stage, chat.Stage]{
		{completionv1.Progress_STAGE_QUEUED, chat.StageQueued},
		{completionv1.Progress_STAGE_RETRIEVAL, chat.StageRetrieval},
		{completionv1.Progress_STAGE_WAITING, chat.StageWaiting},
		{completionv1.Progress_STAGE_GENERATING, chat.StageGenerating},
		{completionv1.Progress_STAGE_TAKEOVER, chat.StageTakeover},
	}
}

// OnDisconnect returns a policy in the domain.
func OnDisconnect(p completionv1.OnDisconnect) chat.OnDisconnect { return toDomain(policies(), p) }

// ProtoOnDisconnect returns a policy in the contract.
func ProtoOnDisconnect(p chat.OnDisconnect) completionv1.OnDisconnect {
	return toProto(policies(), p)
}
