module github.com/pawstream/pawstream/e2e/clients/golang

go 1.26

require github.com/sashabaranov/go-openai v1.17.11
