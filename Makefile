# `make` shows what there is. The two that matter: `make run` and `make test`.

.DEFAULT_GOAL := help
.PHONY: help run test lint gen advisor bench pgo microbench up fuzz faults screenshots

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## Serve everything in one process on http://127.0.0.1:8080
	go run ./services/standalone

test: ## Run every test there is (Node is used where it is installed)
	.ci/run test

lint: ## Check style, the contract and the generated code
	.ci/run lint

gen: ## Generate gen/ from proto/, docs/config.md from the programs, README's examples
	.ci/run gen

advisor: ## Train the advisor's model of what people want, from its examples (-check: tell how well it does)
	go run ./services/completion/internal/advisor/train

fuzz: ## Fuzz each target for a while
	.ci/run fuzz

faults: ## Kill, cut, fill and wipe everything under 200 streams, and check what they got (docs/faults.md)
	go test -race -count=1 -v -timeout 0 ./e2e/faults $(foreach f,duration seed faults gap clients,$(if $($f),-$f $($f)))

bench: ## Measure against peers (more: go run ./bench --help); results in .cache/bench
	go run ./bench

pgo: ## Make the profiles that the compiler optimises the edge and the completion service by
	go run ./bench --window 10s --profiles .cache/profiles -s 'paced-128x100,flat-16,log-128' -c 'pawstream,service-jetstream'
	go tool pprof -proto .cache/profiles/relay-*.pprof >edge/default.pgo
	go tool pprof -proto .cache/profiles/completion-*.pprof >services/completion/default.pgo

microbench: ## Measure single functions of the hot path
	go test -run '^$$' -bench . -benchmem ./edge/... ./services/...

screenshots: ## Photograph the chat page in its states; docs/chat.png is one of them
	mkdir -p .cache/screenshots
	PAWSTREAM_ARTIFACTS=$(CURDIR)/.cache/screenshots CI=true go test -count=1 ./e2e/chat -run '^Test(Ask|Frames|Key|Retry)$$'
	cp .cache/screenshots/frames.png docs/chat.png

up: ## Start the local stack with docker compose
	docker compose up --build
