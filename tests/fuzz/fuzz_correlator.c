/*
 * A saved state of a correlator, damaged in any way: nothing of it ends the program, what is
 * refused leaves nothing behind, and what is taken can be counted on, concluded and saved.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collector/detect/correlator/correlator.h"
#include "common/clock.h"
#include "common/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BLOB_MAX = 16 << 20, STEPS = 20 };

static const char rules_text[] =
	"title: a\nname: a\ndetection:\n  s: {f: x}\n  condition: s\n---\n"
	"title: b\nname: b\ndetection:\n  s: {f: x}\n  condition: s\n---\n"
#define CORRELATION(type, rules, condition)                                                    \
	"title: " type "\nname: " type "\ncorrelation:\n  type: " type "\n  rules: " rules     \
	"\n  group-by: [u]\n  timespan: 10s\n" condition "---\n"
	CORRELATION("event_count", "[a]", "  condition: {gte: 3}\n") CORRELATION(
		"value_count", "[a]", "  condition: {field: v, gte: 3}\n")
		CORRELATION("value_sum", "[a]", "  condition: {field: v, gte: 3}\n")
			CORRELATION("value_avg", "[a]", "  condition: {field: v, gte: 3}\n")
				CORRELATION("value_percentile", "[a]",
					"  condition: {field: v, gte: 3}\n")
					CORRELATION("temporal", "[a, b]", "")
						CORRELATION("temporal_ordered", "[a, b]", "");

static struct rule_set *load_rules(void)
{
	char path[64];
	struct rule_paths paths = {.rules = {path}, .n_rules = 1, .pipelines = "/dev/null"};
	struct strbuf mistakes = STRBUF_INIT(1 << 20);
	struct rule_set *set;
	struct err err;
	int fd = memfd_create("rules", MFD_CLOEXEC);

	if (fd < 0 || !file_write_all(fd, rules_text, sizeof(rules_text) - 1))
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	set = rule_set_load(&paths, &mistakes, &err);
	close(fd);
	if (set == NULL || mistakes.len > 0)
		abort();
	strbuf_done(&mistakes);
	return set;
}

static bool give_value(const void *user, unsigned field, unsigned nth, struct slice *value)
{
	(void)user;
	(void)field;
	*value = SLICE_LIT("7");
	return nth == 0;
}

static void ignore(void *user, const struct conclusion *conclusion)
{
	(void)user;
	assert(conclusion->n_evidence <= CONCLUSION_EVIDENCE_MAX);
	assert(conclusion->n_values <= CONCLUSION_VALUES_MAX);
}

static void go_on(struct correlator *correlator)
{
	struct strbuf blob = STRBUF_INIT(BLOB_MAX);
	static const uint32_t rules[] = {0, 1};

	for (unsigned i = 0; i < STEPS; i++) {
		const struct correlator_event event = {
			.time_ns = i * CLOCK_NS_PER_S, .ref = i, .value = give_value};

		correlator_take(correlator, &event, rules, 2);
	}
	correlator_save(correlator, &blob);
	correlator_advance(correlator, CLOCK_FOREIGN_MAX / 2);
	correlator_finish(correlator);
	strbuf_done(&blob);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rule_set *set;
	struct correlator *correlator;

	if (set == NULL)
		set = load_rules();
	correlator = correlator_new(set, CORRELATOR_BYTES_MIN, ignore, NULL);
	if (!correlator_load(correlator, slice_of(data, size)))
		assert(correlator_figures(correlator).groups == 0);
	go_on(correlator);
	correlator_free(correlator);
	return 0;
}
