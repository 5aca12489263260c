package openai

import completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"

// The functions of this file are the one table of OpenAI's names for the contract's
// enumerations, in both directions: the decoder looks for the value that has a name.
// A value without a name, be it unspecified or from a newer service, is "".

func roleName(r completionv1.Role) string {
	switch r {
	case completionv1.Role_ROLE_SYSTEM:
		return "system"
	case completionv1.Role_ROLE_DEVELOPER:
		return "developer"
	case completionv1.Role_ROLE_USER:
		return "user"
	case completionv1.Role_ROLE_ASSISTANT:
		return "assistant"
	case completionv1.Role_ROLE_TOOL:
		return "tool"
	case completionv1.Role_ROLE_UNSPECIFIED:
	}
	return ""
}

func finishReasonName(r completionv1.FinishReason) string {
	switch r {
	case completionv1.FinishReason_FINISH_REASON_STOP:
		return "stop"
	case completionv1.FinishReason_FINISH_REASON_LENGTH:
		return "length"
	case completionv1.FinishReason_FINISH_REASON_TOOL_CALLS:
		return "tool_calls"
	case completionv1.FinishReason_FINISH_REASON_CONTENT_FILTER:
		return "content_filter"
	case completionv1.FinishReason_FINISH_REASON_UNSPECIFIED:
	}
	return ""
}

func toolChoiceModeName(m completionv1.ToolChoiceMode) string {
	switch m {
	case completionv1.ToolChoiceMode_TOOL_CHOICE_MODE_NONE:
		return "none"
	case completionv1.ToolChoiceMode_TOOL_CHOICE_MODE_AUTO:
		return "auto"
	case completionv1.ToolChoiceMode_TOOL_CHOICE_MODE_REQUIRED:
		return "required"
	case completionv1.ToolChoiceMode_TOOL_CHOICE_MODE_UNSPECIFIED:
	}
	return ""
}

func modalityName(m completionv1.Modality) string {
	switch m {
	case completionv1.Modality_MODALITY_TEXT:
		return "text"
	case completionv1.Modality_MODALITY_AUDIO:
		return "audio"
	case completionv1.Modality_MODALITY_UNSPECIFIED:
	}
	return ""
}

func reasoningEffortName(e completionv1.ReasoningEffort) string {
	switch e {
	case completionv1.ReasoningEffort_REASONING_EFFORT_NONE:
		return "none"
	case completionv1.ReasoningEffort_REASONING_EFFORT_MINIMAL:
		return "minimal"
	case completionv1.ReasoningEffort_REASONING_EFFORT_LOW:
		return "low"
	case completionv1.ReasoningEffort_REASONING_EFFORT_MEDIUM:
		return "medium"
	case completionv1.ReasoningEffort_REASONING_EFFORT_HIGH:
		return "high"
	case completionv1.ReasoningEffort_REASONING_EFFORT_XHIGH:
		return "xhigh"
	case completionv1.ReasoningEffort_REASONING_EFFORT_MAX:
		return "max"
	case completionv1.ReasoningEffort_REASONING_EFFORT_UNSPECIFIED:
	}
	return ""
}

func verbosityName(v completionv1.Verbosity) string {
	switch v {
	case completionv1.Verbosity_VERBOSITY_LOW:
		return "low"
	case completionv1.Verbosity_VERBOSITY_MEDIUM:
		return "medium"
	case completionv1.Verbosity_VERBOSITY_HIGH:
		return "high"
	case completionv1.Verbosity_VERBOSITY_UNSPECIFIED:
	}
	return ""
}

func onDisconnectName(d completionv1.OnDisconnect) string {
	switch d {
	case completionv1.OnDisconnect_ON_DISCONNECT_CANCEL:
		return "cancel"
	case completionv1.OnDisconnect_ON_DISCONNECT_GRACE:
		return "grace"
	case completionv1.OnDisconnect_ON_DISCONNECT_CONTINUE:
		return "continue"
	case completionv1.OnDisconnect_ON_DISCONNECT_UNSPECIFIED:
	}
	return ""
}

func completionStatusName(s completionv1.CompletionStatus) string {
	switch s {
	case completionv1.CompletionStatus_COMPLETION_STATUS_IN_PROGRESS:
		return "in_progress"
	case completionv1.CompletionStatus_COMPLETION_STATUS_COMPLETED:
		return "completed"
	case completionv1.CompletionStatus_COMPLETION_STATUS_FAILED:
		return "failed"
	case completionv1.CompletionStatus_COMPLETION_STATUS_CANCELLED:
		return "cancelled"
	case completionv1.CompletionStatus_COMPLETION_STATUS_UNSPECIFIED:
	}
	return ""
}

func stageName(s completionv1.Progress_Stage) string {
	switch s {
	case completionv1.Progress_STAGE_QUEUED:
		return "queued"
	case completionv1.Progress_STAGE_RETRIEVAL:
		return "retrieval"
	case completionv1.Progress_STAGE_WAITING:
		return "waiting"
	case completionv1.Progress_STAGE_GENERATING:
		return "generating"
	case completionv1.Progress_STAGE_TAKEOVER:
		return "takeover"
	case completionv1.Progress_STAGE_UNSPECIFIED:
	}
	return ""
}
