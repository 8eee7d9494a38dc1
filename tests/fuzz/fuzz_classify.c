/* Any URL and any agent through the shipped rules: a class and a severity go together. */
#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/detect/classify.h"

enum { ARENA_MAX = 1 << 16, MISTAKES_ROOM = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct classifier *load(void)
{
	const char *source = getenv("SOC_SOURCE");
	struct strbuf mistakes = STRBUF_INIT(MISTAKES_ROOM);
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/configs/national/classes.yaml", source ? source : ".");
	struct classifier *classifier = classifier_load(path, &mistakes);
	if (classifier == NULL) {
		fprintf(stderr, "%s\n", strbuf_cstr(&mistakes));
		abort();
	}
	strbuf_done(&mistakes);
	return classifier;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct classifier *classifier;
	struct slice text = slice_of(size ? (const void *)data : "", size);
	struct record record = {.kind = RECORD_LOG};
	struct slice url, agent;
	struct arena arena;

	if (classifier == NULL)
		classifier = load();
	(void)slice_cut(&text, '\n', &url);
	agent = slice_absent(text) ? SLICE_LIT("") : text;
	arena_init(&arena, ARENA_MAX);
	bool room = record_add(&record, &arena, FIELD_EVENT_MODULE, SLICE_LIT("nginx")) &&
		    record_add(&record, &arena, FIELD_URL_ORIGINAL, url) &&
		    record_add(&record, &arena, FIELD_USER_AGENT_ORIGINAL, agent);
	assert(room);
	classify_record(classifier, &record);
	assert((record.attack == CLASS_NONE) == (record.severity == SEVERITY_NONE));
	assert((record.attack == CLASS_NONE) ==
		slice_absent(classify_reason(classifier, &record)));
	arena_done(&arena);
	return 0;
}
