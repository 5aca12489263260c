# `make` shows what there is. The two that matter: `make run` and `make test`.

.DEFAULT_GOAL := help
.PHONY: help run demo test test-all lint gen advisor bench pgo microbench up fuzz faults clients screenshots

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# With GOGC=400 the compiler takes less time and more memory, some 1.6 GB. The programs run without it.

run: ## Serve everything in one process on http://127.0.0.1:8080
	@echo "Compiling: about a minute and a half the first time, seconds after that."
	@mkdir -p bin && GOGC=400 go build -o bin ./services/standalone && exec bin/standalone

demo: ## Break an answer on purpose at http://127.0.0.1:8080/demo: two completion services behind one edge
	@echo "Compiling: about a minute and a half the first time, seconds after that. Then open /demo at the address that it prints."
	@mkdir -p bin && GOGC=400 go build -o bin ./services/standalone && exec bin/standalone --demo --advisor-pace=6

test: ## Run the tests, without those that are long (those that need Node, if it is installed)
	.ci/run test

test-all: ## Run every test there is
	.ci/run unit e2e

lint: ## Check style, the contract and the generated code
	.ci/run lint

gen: ## Generate gen/ from proto/, and docs/config.md from the programs
	.ci/run gen

advisor: ## Train the advisor's model of what people want, from its examples (go run ./services/completion/internal/advisor/train -check tells how well it does)
	go run ./services/completion/internal/advisor/train

fuzz: ## Fuzz each target for a while
	.ci/run fuzz

faults: ## Kill, cut, fill and wipe everything under 200 streams, and check what they got (docs/faults.md)
	go test -race -count=1 -v -timeout 0 ./e2e/faults $(foreach f,duration seed faults gap clients,$(if $($f),-$f $($f)))

clients: ## Run other people's clients against the programs, and write what works into docs/clients.md
	go test -race -count=1 -v -timeout 30m ./e2e/clients -run TestGallery -write $(if $(only),-only '$(only)')

bench: ## Measure against peers (more: go run ./bench --help); results in .cache/bench
	go run ./bench

pgo: ## Make the profiles that the compiler optimises the edge and the completion service by
	go run ./bench --window 10s --profiles .cache/profiles -s 'paced-128x100,flat-16,log-128' -c 'pawstream,service-jetstream'
	go tool pprof -proto .cache/profiles/relay-*.pprof >edge/default.pgo
	go tool pprof -proto .cache/profiles/completion-*.pprof >services/completion/default.pgo

microbench: ## Measure single functions of the hot path
	go test -run '^$$' -bench . -benchmem ./edge/... ./internal/sse ./services/...

# The tests that look at states of the pages, at widths of 320, 768, 1280 and 1920 pixels and in both themes.
states = Ask|Code|Conversations|Demo|Documents|Edit|Firefox|Frames|FramesOfLongStream|Key|ListOfConversations|Options|Paper|PetCards|Pictures|Portraits|Retry|Share|Silence|Sources|Store|StreamSample|Tables|ThousandConversations|Versions|Why|WithoutServer

screenshots: ## Photograph the pages in all states, and ask in a terminal (only=Ask for one test's); docs/chat.png is one of them
	mkdir -p .cache/screenshots
	PAWSTREAM_ARTIFACTS=$(CURDIR)/.cache/screenshots CI=true go test -count=1 -timeout 30m ./e2e/pages -run '^Test($(or $(only),$(states)))$$'
	CI=true go test -count=1 ./edge/ask -run '^Test(OnTerminal|Conversation)$$' -artifacts -outputdir $(CURDIR)/.cache/screenshots
	cp .cache/screenshots/chat.png docs/chat.png

up: ## Start the local stack with docker compose
	@echo "Fetching and compiling: minutes the first time. It serves when the balancer is healthy (docker compose ps)."
	docker compose up --build
