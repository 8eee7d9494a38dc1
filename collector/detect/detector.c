#include "collector/detect/detector.h"

#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <xxhash.h>

#include "collector/detect/sigma/record_event.h"
#include "collector/detect/sigma/rule_class.h"
#include "collector/detect/sigma/rule_files.h"
#include "common/clock.h"
#include "common/table.h"

enum {
	WARNINGS_MAX = 100,           /* told; `detect --list` tells all */
	MISTAKES_SIZE_MAX = 16 << 20, /* bytes */
	KEY_MAX = 512,                /* bytes of a rule's key that count */
};

/* Lent to one thread a batch long. */
struct lent {
	struct rule_matcher *matcher;
	struct lent *next;
};

struct tally {
	atomic_uint_fast64_t matches;
	atomic_int_fast64_t last_ns;
};

struct detector {
	atomic_uint refs;
	int64_t read_ns;
	struct rule_set *set;
	const struct sigma_rule *rules;
	size_t n_rules;
	struct tally *tallies;    /* by rule */
	struct rule_costs *costs; /* NULL: no limit was set */
	uint8_t *classes;         /* enum attack_class, by rule */
	struct record_names names;
	struct table by_key;  /* hash of a rule's key -> its number */
	uint64_t fingerprint; /* of all files */
	pthread_mutex_t lock; /* of `idle` */
	struct lent *idle;
};

/* ---- loading ---------------------------------------------------------------------- */

static void add_fingerprint(
	void *user, const char *path, struct slice text, struct strbuf *mistakes)
{
	XXH3_state_t *state = user;

	(void)mistakes;
	XXH3_64bits_update(state, path, strlen(path) + 1);
	XXH3_64bits_update(state, text.ptr, text.len);
}

/* What is read; pipelines and classes are NULL where those that are built in hold. */
struct sources {
	char rules[PATH_MAX], pipelines[PATH_MAX], classes[PATH_MAX];
	struct rule_paths paths;
	const char *class_table;
};

static void find_sources(const char *folder, struct sources *sources)
{
	snprintf(sources->rules, sizeof(sources->rules), "%s/rules", folder);
	snprintf(sources->pipelines, sizeof(sources->pipelines), "%s/pipelines", folder);
	snprintf(sources->classes, sizeof(sources->classes), "%s/classes.yaml", folder);
	sources->paths = (struct rule_paths){
		.rules = {sources->rules},
		.n_rules = access(sources->rules, F_OK) == 0,
		.pipelines = access(sources->pipelines, F_OK) == 0 ? sources->pipelines : NULL,
	};
	sources->class_table = access(sources->classes, F_OK) == 0 ? sources->classes : NULL;
}

static uint64_t fingerprint_of(const struct sources *sources)
{
	const struct rule_paths *paths = &sources->paths;
	struct strbuf ignored = STRBUF_INIT(MISTAKES_SIZE_MAX);
	XXH3_state_t *state = XXH3_createState();
	uint64_t fingerprint;

	if (state == NULL)
		abort();
	XXH3_64bits_reset(state);
	for (size_t i = 0; i < paths->n_rules; i++)
		rule_files_read(paths->rules[i], add_fingerprint, state, &ignored);
	if (paths->pipelines != NULL)
		rule_files_read(paths->pipelines, add_fingerprint, state, &ignored);
	if (sources->class_table != NULL)
		rule_files_read(sources->class_table, add_fingerprint, state, &ignored);
	/* what cannot be read may be readable the next time */
	XXH3_64bits_update(state, ignored.ptr, ignored.len);
	fingerprint = XXH3_64bits_digest(state);
	XXH3_freeState(state);
	strbuf_done(&ignored);
	return fingerprint;
}

static void tell_mistakes(struct slice mistakes, struct strbuf *warnings)
{
	struct slice line;
	unsigned n = 0;

	while (mistakes.len > 0 && slice_cut(&mistakes, '\n', &line)) {
		if (n++ < WARNINGS_MAX)
			strbuf_addf(warnings, "%.*s\n", SLICE_FMT(line));
	}
	if (n > WARNINGS_MAX)
		strbuf_addf(
			warnings, "and %u mistakes more in Sigma rules\n", n - WARNINGS_MAX);
}

static uint64_t hash_of(struct slice key)
{
	return XXH3_64bits(key.ptr, key.len);
}

/* As tags have it. */
static struct slice key_of(const struct sigma_rule *rule)
{
	const struct slice key = sigma_rule_key(rule);

	return key.len > KEY_MAX ? slice_head(key, KEY_MAX) : key;
}

/* Of rules with one key the first counts. */
static void index_rules(struct detector *detector)
{
	detector->n_rules = rule_set_rules(detector->set, &detector->rules);
	table_init(&detector->by_key, sizeof(uint64_t), sizeof(size_t), RULE_SET_RULES_MAX);
	for (size_t i = 0; i < detector->n_rules; i++) {
		const uint64_t hash = hash_of(key_of(&detector->rules[i]));
		bool is_new;
		size_t *number = table_put(&detector->by_key, &hash, &is_new);

		if (number != NULL && is_new)
			*number = i;
	}
}

static void make_tallies(struct detector *detector)
{
	detector->tallies = calloc(detector->n_rules + 1, sizeof(*detector->tallies));
	if (detector->tallies == NULL)
		abort();
	for (size_t i = 0; i < detector->n_rules; i++)
		atomic_init(&detector->tallies[i].last_ns, CLOCK_NONE);
}

static void class_rules(
	struct detector *detector, const char *class_table, struct strbuf *mistakes)
{
	struct rule_classes *classes = rule_classes_load(class_table, mistakes);

	detector->classes = calloc(detector->n_rules + 1, sizeof(*detector->classes));
	if (detector->classes == NULL)
		abort();
	for (size_t i = 0; i < detector->n_rules; i++)
		detector->classes[i] = (uint8_t)rule_class(classes, &detector->rules[i]);
	rule_classes_free(classes);
}

static struct detector *detector_new(
	const struct sources *sources, struct strbuf *warnings, struct err *err)
{
	struct strbuf mistakes = STRBUF_INIT(MISTAKES_SIZE_MAX);
	struct rule_set *set = rule_set_load(&sources->paths, &mistakes, err);
	struct detector *detector = calloc(1, sizeof(*detector));

	if (detector == NULL)
		abort();
	if (set != NULL) {
		detector->set = set;
		index_rules(detector);
		class_rules(detector, sources->class_table, &mistakes);
	}
	tell_mistakes(strbuf_slice(&mistakes), warnings);
	strbuf_done(&mistakes);
	if (set == NULL) {
		free(detector);
		return NULL;
	}
	atomic_init(&detector->refs, 1);
	pthread_mutex_init(&detector->lock, NULL);
	detector->read_ns = clock_wall_ns();
	make_tallies(detector);
	record_names_init(&detector->names, rule_set_fields(set));
	return detector;
}

struct detector *detector_load(
	const char *folder, struct detector *before, struct strbuf *warnings, struct err *err)
{
	struct sources sources;
	struct detector *detector;
	uint64_t fingerprint;

	find_sources(folder, &sources);
	fingerprint = fingerprint_of(&sources);
	if (before != NULL && before->fingerprint == fingerprint)
		return detector_ref(before);
	detector = detector_new(&sources, warnings, err);
	if (detector != NULL)
		detector->fingerprint = fingerprint;
	return detector;
}

struct detector *detector_ref(struct detector *detector)
{
	if (detector != NULL)
		atomic_fetch_add(&detector->refs, 1);
	return detector;
}

void detector_unref(struct detector *detector)
{
	if (detector == NULL || atomic_fetch_sub(&detector->refs, 1) > 1)
		return;
	for (struct lent *lent; (lent = detector->idle) != NULL;) {
		detector->idle = lent->next;
		rule_matcher_free(lent->matcher);
		free(lent);
	}
	table_done(&detector->by_key);
	free(detector->tallies);
	rule_costs_free(detector->costs);
	free(detector->classes);
	rule_set_free(detector->set);
	pthread_mutex_destroy(&detector->lock);
	free(detector);
}

/* ---- matching --------------------------------------------------------------------- */

static struct lent *borrow(struct detector *detector)
{
	struct err err;

	pthread_mutex_lock(&detector->lock);
	struct lent *lent = detector->idle;
	if (lent != NULL)
		detector->idle = lent->next;
	pthread_mutex_unlock(&detector->lock);
	if (lent != NULL)
		return lent;
	lent = calloc(1, sizeof(*lent));
	if (lent == NULL)
		abort();
	/* An event of which no log source is known fits no rule: lines of anything come here.
	 */
	lent->matcher = rule_matcher_new(detector->set, false, &err);
	if (lent->matcher == NULL)
		abort(); /* a scanner's scratch: there is no memory */
	if (detector->costs != NULL)
		rule_matcher_time(lent->matcher, detector->costs);
	return lent;
}

static void give_back(struct detector *detector, struct lent *lent)
{
	pthread_mutex_lock(&detector->lock);
	lent->next = detector->idle;
	detector->idle = lent;
	pthread_mutex_unlock(&detector->lock);
}

/* "the key" NUL "01234567" */
static bool tag(struct record *record, struct arena *arena, const struct sigma_rule *rule)
{
	const struct slice key = key_of(rule);
	char group[KEY_MAX + 1 + DETECTOR_VERSION_LEN + 1];

	memcpy(group, key.ptr, key.len);
	snprintf(group + key.len + 1, DETECTOR_VERSION_LEN + 1, "%08" PRIx32, rule->version);
	group[key.len] = '\0';
	struct slice copy =
		arena_copy(arena, slice_of(group, key.len + 1 + DETECTOR_VERSION_LEN));
	return !slice_absent(copy) && record_match(record, arena, MATCH_SIGMA, copy);
}

static void count(struct tally *tally, const struct record *record)
{
	atomic_fetch_add_explicit(&tally->matches, 1, memory_order_relaxed);
	atomic_store_explicit(&tally->last_ns, record->received_ns, memory_order_relaxed);
}

static unsigned tag_all(const struct detector *detector, struct record *record,
	struct arena *arena, const uint32_t *rules, size_t n)
{
	unsigned lost = 0;

	for (int level = SIGMA_CRITICAL; level >= SIGMA_INFORMATIONAL; level--) {
		for (size_t i = 0; i < n; i++) {
			const struct sigma_rule *rule = &detector->rules[rules[i]];

			if ((int)sigma_rule_level(rule) != level)
				continue;
			count(&detector->tallies[rules[i]], record);
			lost += !tag(record, arena, rule);
		}
	}
	return lost;
}

unsigned detector_match_batch(struct detector *detector, struct batch *batch)
{
	unsigned lost = 0;

	if (detector->n_rules == 0)
		return 0;
	struct lent *lent = borrow(detector);
	for (unsigned i = 0; i < batch->n_records; i++) {
		struct record *record = &batch->records[i];
		const uint32_t *rules;

		if (record->kind != RECORD_LOG)
			continue;
		record_event_fill(rule_matcher_event(lent->matcher), &detector->names, record);
		size_t n = rule_matcher_match(lent->matcher, &rules);
		if (n > 0)
			lost += tag_all(detector, record, &batch->arena, rules, n);
	}
	give_back(detector, lent);
	return lost;
}

/* ---- what tags say ------------------------------------------------------------------ */

const struct sigma_rule *detector_rule(const struct detector *detector, struct slice key)
{
	const uint64_t hash = hash_of(key);
	const size_t *number = table_get(&detector->by_key, &hash);

	return number != NULL ? &detector->rules[*number] : NULL;
}

enum attack_class detector_class(const struct detector *detector, const struct sigma_rule *rule)
{
	return (enum attack_class)detector->classes[rule - detector->rules];
}

const struct rule_set *detector_set(const struct detector *detector)
{
	return detector->set;
}

uint32_t detector_number(const struct detector *detector, const struct sigma_rule *rule)
{
	return (uint32_t)(rule - detector->rules);
}

void detector_fill(
	const struct detector *detector, struct sigma_event *event, const struct record *record)
{
	record_event_fill(event, &detector->names, record);
}

bool detector_tag(const struct match *match, struct slice *key, struct slice *version)
{
	const size_t nul = slice_find(match->group, '\0');

	if (match->rule != MATCH_SIGMA || nul == match->group.len)
		return false;
	*key = slice_head(match->group, nul);
	*version = slice_from(match->group, nul + 1);
	return true;
}

static enum rule_state state_of(const struct detector *detector, size_t i)
{
	const struct sigma_rule *rule = &detector->rules[i];

	if (!sigma_rule_is_loaded(rule))
		return RULE_REFUSED;
	if (rule->kind != SIGMA_DETECTION)
		return RULE_IN_FORCE;
	if (detector->costs != NULL && rule_costs_is_off(detector->costs, i))
		return RULE_TOO_COSTLY;
	if (!slice_absent(rule->no_list))
		return RULE_WITHOUT_LIST;
	return rule_set_has_source(detector->set, i) ? RULE_IN_FORCE : RULE_WITHOUT_LOG_SOURCE;
}

void detector_walk(const struct detector *detector,
	bool (*see)(void *user, const struct rule_view *view), void *user)
{
	for (size_t i = 0; i < detector->n_rules; i++) {
		const struct tally *tally = &detector->tallies[i];
		const struct rule_view view = {
			.rule = &detector->rules[i],
			.state = state_of(detector, i),
			.matches = atomic_load(&tally->matches),
			.last_ns = atomic_load(&tally->last_ns),
		};

		if (!see(user, &view))
			return;
	}
}

void detector_limit(struct detector *detector, uint64_t most_ms, const struct rule_clock *clock)
{
	if (detector->costs == NULL)
		detector->costs = rule_costs_new(detector->n_rules, most_ms, clock);
}

struct take_off {
	const struct detector *detector;
	void (*see)(void *user, const struct sigma_rule *rule, uint64_t took_ms);
	void *user;
};

static void see_off(void *user, size_t rule, uint64_t took_ms)
{
	const struct take_off *take = user;

	take->see(take->user, &take->detector->rules[rule], took_ms);
}

size_t detector_take_off(struct detector *detector,
	void (*see)(void *user, const struct sigma_rule *rule, uint64_t took_ms), void *user)
{
	struct take_off take = {detector, see, user};

	return detector->costs ? rule_costs_take_off(detector->costs, see_off, &take) : 0;
}

int64_t detector_read_ns(const struct detector *detector)
{
	return detector->read_ns;
}

struct rule_set_figures detector_figures(const struct detector *detector)
{
	return rule_set_figures(detector->set);
}
