/* The whole scan: real workers, real files; this program is its own worker. */
#include "agent/scan/scan.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>

#include "common/strbuf.h"
#include "tests/support/folder.h"

enum { SEEN_MAX = 64, TEXT_MAX = 1 << 16 };

/* What a scan told. */
struct seen {
	struct scan_counts counts;
	enum scan_end how;
	struct err err;
	struct strbuf hits;      /* "rule name\n" each */
	struct strbuf unscanned; /* "reason name\n" each */
	struct strbuf refused;   /* "name:reason\n" each */
	uint64_t n_rules;
	bool hashed; /* the last hit */
	unsigned char sha256[SHA256_SIZE];
	char owner[64];
	size_t n_strings;
	void (*disturb)(struct seen *seen); /* now and then, while workers are at work */
	int n_disturbed;
	int n_still; /* progress without a file done */
	uint64_t files_before;
	const char *victim;
};

static volatile int never;

static struct slice name_of(struct slice path)
{
	size_t at = path.len;

	while (at > 0 && path.ptr[at - 1] != '/')
		at--;
	return slice_from(path, at);
}

static void on_rules(
	void *user, const struct rules *rules, uint64_t n_rules, unsigned sandbox_missing)
{
	struct seen *seen = user;

	(void)sandbox_missing;
	seen->n_rules = n_rules;
	for (size_t i = 0; i < rules->n; i++) {
		if (rules->sources[i].refused)
			strbuf_addf(&seen->refused, "%s:%s\n", rules->sources[i].name,
				rules->sources[i].reason);
	}
}

static void on_hit(void *user, const struct scan_object *object, const struct hit *hit)
{
	struct seen *seen = user;

	strbuf_add(&seen->hits, hit->rule);
	strbuf_add_byte(&seen->hits, ' ');
	strbuf_add(&seen->hits, name_of(object->path));
	strbuf_add_byte(&seen->hits, '\n');
	seen->hashed = object->sha256 != NULL;
	if (seen->hashed)
		memcpy(seen->sha256, object->sha256, SHA256_SIZE);
	snprintf(seen->owner, sizeof(seen->owner), "%s", object->owner);
	seen->n_strings = hit->n_strings;
}

static void on_unscanned(
	void *user, const struct scan_object *object, enum verdict verdict, struct slice why)
{
	struct seen *seen = user;

	(void)why;
	strbuf_addf(&seen->unscanned, "%s ", verdict_name(verdict));
	strbuf_add(&seen->unscanned, name_of(object->path));
	strbuf_add_byte(&seen->unscanned, '\n');
}

static void on_progress(void *user, const struct scan_counts *counts, struct slice path)
{
	struct seen *seen = user;

	(void)path;
	seen->n_still = counts->files == seen->files_before ? seen->n_still + 1 : 0;
	seen->files_before = counts->files;
	if (seen->disturb != NULL)
		seen->disturb(seen);
}

static void on_trouble(void *user, const char *words)
{
	(void)user;
	ck_abort_msg("trouble: %s", words);
}

struct trial {
	struct folder rules, tree;
	struct scan_plan plan;
	const char *rules_path, *tree_path;
	struct seen seen;
};

static void trial_begin(struct trial *trial, const char *rules)
{
	*trial = (struct trial){.plan = {.size_max = 64 << 20,
					.timeout_s = 20,
					.n_workers = 2,
					.memory_max = 1 << 30}};
	folder_make(&trial->rules);
	folder_make(&trial->tree);
	trial->rules_path = trial->rules.path;
	trial->tree_path = trial->tree.path;
	trial->plan.rules = &trial->rules_path;
	trial->plan.n_rules = 1;
	trial->plan.walk =
		(struct walk_plan){.paths = &trial->tree_path, .n_paths = 1, .depth_max = 100};
	strbuf_init(&trial->seen.hits, TEXT_MAX);
	strbuf_init(&trial->seen.unscanned, TEXT_MAX);
	strbuf_init(&trial->seen.refused, TEXT_MAX);
	if (rules != NULL)
		folder_replace(&trial->rules, "rules.yar", rules);
}

static void trial_run_until(struct trial *trial, const volatile int *stop)
{
	struct scan_user user = {
		on_rules, on_hit, on_unscanned, on_progress, on_trouble, &trial->seen};

	strbuf_reset(&trial->seen.hits);
	strbuf_reset(&trial->seen.unscanned);
	strbuf_reset(&trial->seen.refused);
	trial->seen.how =
		scan_run(&trial->plan, &user, stop, &trial->seen.counts, &trial->seen.err);
}

static void trial_run(struct trial *trial)
{
	trial_run_until(trial, &never);
}

static void trial_end(struct trial *trial)
{
	strbuf_done(&trial->seen.hits);
	strbuf_done(&trial->seen.unscanned);
	strbuf_done(&trial->seen.refused);
	folder_remove(&trial->rules);
	folder_remove(&trial->tree);
}

#define ck_assert_told(buf, text) ck_assert_str_eq(strbuf_cstr(&trial.seen.buf), text)

static const char marker_rule[] =
	"rule marker : a b { meta: author = \"test\" strings: $m = \"MARK\" condition: $m }\n";

/* The EICAR test string, which must not stand in any file of ours. */
static void write_eicar(struct folder *folder, const char *name)
{
	char text[128];

	snprintf(text, sizeof(text), "%s%s%s", "X5O!P%@AP[4\\PZX54(P^)7CC)7}$",
		"EICAR-STANDARD-ANTIVIRUS", "-TEST-FILE!$H+H*");
	folder_replace(folder, name, text);
}

START_TEST(a_hit_has_rule_hash_and_owner)
{
	static const unsigned char sum[] = {0x27, 0x5a, 0x02, 0x1b, 0xbf, 0xb6, 0x48, 0x9e};
	struct trial trial;

	trial_begin(&trial, "rule eicar { strings: $a = \"EICAR-STANDARD\" condition: $a }");
	write_eicar(&trial.tree, "eicar.com");
	folder_replace(&trial.tree, "clean", "nothing here");
	trial_run(&trial);
	ck_assert_int_eq(trial.seen.how, SCAN_DONE);
	ck_assert_told(hits, "eicar eicar.com\n");
	ck_assert_told(unscanned, "");
	ck_assert_uint_eq(trial.seen.counts.files, 2);
	ck_assert_uint_eq(trial.seen.counts.hits, 1);
	ck_assert_uint_eq(trial.seen.n_rules, 1);
	ck_assert(trial.seen.hashed);
	ck_assert_mem_eq(trial.seen.sha256, sum, sizeof(sum));
	ck_assert_uint_eq(trial.seen.n_strings, 1);
	if (getuid() == 0)
		ck_assert_str_eq(trial.seen.owner, "root");
	trial_end(&trial);
}
END_TEST

START_TEST(a_source_with_a_mistake_is_refused_and_the_rest_works)
{
	struct trial trial;

	trial_begin(&trial, marker_rule);
	folder_replace(&trial.rules, "bad.yar", "\nrule a { condition: $b }\n");
	folder_replace(&trial.rules, "compiled.yara", "YARA");
	folder_write_at(&trial.rules, "compiled.yara", slice_of("\0\1\2", 3), O_APPEND);
	folder_replace(&trial.rules, "include.yar", "include \"/etc/passwd\"\n");
	folder_replace(&trial.rules, "twice.yar", marker_rule);
	folder_replace(&trial.rules, "ignored.txt", "no rules at all");
	folder_replace(&trial.tree, "m", "a MARK in it");
	trial_run(&trial);
	ck_assert_int_eq(trial.seen.how, SCAN_DONE);
	ck_assert_told(hits, "marker m\nmarker m\n");
	ck_assert_told(refused,
		"bad.yar:2: undefined string \"$b\"\n"
		"compiled.yara:1: compiled rules are refused: give their source\n"
		"include.yar:0: include \"/etc/passwd\" is refused: put all rules into the "
		"folder\n");
	trial_end(&trial);
}
END_TEST

START_TEST(nothing_is_scanned_without_rules)
{
	struct trial trial;

	trial_begin(&trial, "rule a { condition: }");
	folder_replace(&trial.tree, "m", "a MARK in it");
	trial_run(&trial);
	ck_assert_int_eq(trial.seen.how, SCAN_FAILED);
	ck_assert_uint_eq(trial.seen.counts.files, 0);
	ck_assert_int_eq(unlink(folder_path(&trial.rules, "rules.yar")), 0);
	trial_run(&trial);
	ck_assert_int_eq(trial.seen.how, SCAN_FAILED);
	ck_assert_ptr_nonnull(strstr(trial.seen.err.text, "no rule file"));
	trial_end(&trial);
}
END_TEST

START_TEST(external_variables_tell_of_the_file)
{
	struct trial trial;
	struct strbuf rules = STRBUF_INIT(4096);

	trial_begin(&trial, NULL);
	strbuf_addf(&rules,
		"rule file { condition: filename == \"Run.EXE\" and extension == \".exe\" and "
		"filetype == \"EXE\" and filepath == \"%s\" and owner == owner }",
		trial.tree.path);
	folder_write_at(&trial.rules, "r.yar", strbuf_slice(&rules), O_TRUNC);
	strbuf_done(&rules);
	folder_replace(&trial.tree, "Run.EXE", "MZ");
	folder_replace(&trial.tree, "exe", "MZ");
	trial_run(&trial);
	ck_assert_told(refused, "");
	ck_assert_told(hits, "file Run.EXE\n");
	trial_end(&trial);
}
END_TEST

START_TEST(files_above_the_limit_are_named)
{
	struct trial trial;

	trial_begin(&trial, marker_rule);
	trial.plan.size_max = 4;
	folder_replace(&trial.tree, "fits", "MARK");
	folder_replace(&trial.tree, "large", "MARK!");
	folder_replace(&trial.tree, "sparse", "");
	ck_assert_int_eq(truncate(folder_path(&trial.tree, "sparse"), (off_t)1 << 40), 0);
	trial_run(&trial);
	ck_assert_told(hits, "marker fits\n");
	ck_assert_uint_eq(trial.seen.counts.verdicts[VERDICT_TOO_LARGE], 2);
	trial_end(&trial);
}
END_TEST

START_TEST(large_files_are_mapped_and_hashed)
{
	struct trial trial;

	trial_begin(&trial, marker_rule);
	folder_replace(&trial.tree, "big", "");
	ck_assert_int_eq(truncate(folder_path(&trial.tree, "big"), 8 << 20), 0);
	folder_append(&trial.tree, "big", "MARK");
	trial_run(&trial);
	ck_assert_told(hits, "marker big\n");
	ck_assert(trial.seen.hashed);
	trial_end(&trial);
}
END_TEST

/* Finds nothing and takes for ever. */
static const char slow_rule[] =
	"rule slow { strings: $s = \"SLOW\" condition: $s and for all i in (1..2000000000) : "
	"(for all j in (1..2000000000) : (i + j > 0)) }\n";

START_TEST(a_file_that_takes_too_long_is_left_and_remembered)
{
	struct trial trial;
	struct strbuf rules = STRBUF_INIT(4096);

	trial_begin(&trial, NULL);
	strbuf_addf(&rules, "%s%s", marker_rule, slow_rule);
	folder_write_at(&trial.rules, "r.yar", strbuf_slice(&rules), O_TRUNC);
	folder_replace(&trial.tree, "slow", "SLOW");
	folder_replace(&trial.tree, "m", "MARK");
	trial.plan.timeout_s = 1;
	char memory[PATH_MAX];
	snprintf(memory, sizeof(memory), "%s/memory", trial.rules.path);
	trial.plan.memory_file = memory;
	trial_run(&trial);
	ck_assert_int_eq(trial.seen.how, SCAN_DONE);
	ck_assert_told(hits, "marker m\n");
	ck_assert_told(unscanned, "timeout slow\n");

	trial_run(&trial);
	ck_assert_told(hits, "marker m\n");
	ck_assert_told(unscanned, "remembered slow\n");

	/* Other rules are another try. */
	strbuf_reset(&rules);
	strbuf_addf(&rules, "%s", marker_rule);
	folder_write_at(&trial.rules, "r.yar", strbuf_slice(&rules), O_TRUNC);
	trial_run(&trial);
	ck_assert_told(unscanned, "");
	ck_assert_uint_eq(trial.seen.counts.files, 2);
	strbuf_done(&rules);
	trial_end(&trial);
}
END_TEST

START_TEST(a_stopped_scan_says_so)
{
	struct trial trial;
	volatile int now = 1;

	trial_begin(&trial, marker_rule);
	folder_replace(&trial.tree, "m", "MARK");
	trial_run_until(&trial, &now);
	ck_assert_int_eq(trial.seen.how, SCAN_STOPPED);
	ck_assert_told(hits, "");
	trial_end(&trial);
}
END_TEST

/* ---- workers that die or hang ------------------------------------------------------ */

static pid_t parent_of(const char *pid)
{
	char path[PATH_MAX], text[512] = "";
	int parent = 0;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	FILE *file = fopen(path, "r");
	if (file == NULL)
		return 0;
	char *end = fgets(text, sizeof(text), file) != NULL ? strrchr(text, ')') : NULL;
	if (end == NULL || sscanf(end + 2, "%*c %d", &parent) != 1)
		parent = 0;
	fclose(file);
	return parent;
}

/* Nothing was done between two progresses (SCAN_PROGRESS_MS): a worker is at the slow file. */
static bool is_slow_now(const struct seen *seen)
{
	return seen->n_still >= 2;
}

/* Our children are the workers. */
static void signal_workers(int number)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;

	ck_assert_ptr_nonnull(proc);
	while ((entry = readdir(proc)) != NULL) {
		if (entry->d_name[0] > '0' && entry->d_name[0] <= '9' &&
			parent_of(entry->d_name) == getpid())
			ck_assert_int_eq(
				kill((pid_t)strtol(entry->d_name, NULL, 10), number), 0);
	}
	closedir(proc);
}

static void crash_workers(struct seen *seen)
{
	if (is_slow_now(seen) && seen->n_disturbed++ == 0)
		signal_workers(SIGSEGV);
}

static void stop_workers(struct seen *seen)
{
	if (is_slow_now(seen) && seen->n_disturbed++ == 0)
		signal_workers(SIGSTOP);
}

static void begin_slow(struct trial *trial)
{
	struct strbuf rules = STRBUF_INIT(4096);

	trial_begin(trial, NULL);
	strbuf_addf(&rules, "%s%s", marker_rule, slow_rule);
	folder_write_at(&trial->rules, "r.yar", strbuf_slice(&rules), O_TRUNC);
	strbuf_done(&rules);
	trial->plan.n_workers = 1;
	folder_replace(&trial->tree, "1", "MARK");
	folder_replace(&trial->tree, "2", "MARK");
	folder_replace(&trial->tree, "slow", "SLOW");
	folder_replace(&trial->tree, "3", "MARK");
	folder_replace(&trial->tree, "4", "MARK");
}

START_TEST(a_worker_that_crashes_costs_one_file)
{
	struct trial trial;

	begin_slow(&trial);
	trial.seen.disturb = crash_workers;
	trial_run(&trial);
	ck_assert_int_eq(trial.seen.how, SCAN_DONE);
	ck_assert_told(unscanned, "failed slow\n");
	ck_assert_uint_eq(trial.seen.counts.hits, 4);
	ck_assert_uint_eq(trial.seen.counts.restarts, 1);
	trial_end(&trial);
}
END_TEST

START_TEST(a_worker_that_hangs_is_killed)
{
	struct trial trial;

	begin_slow(&trial);
	trial.plan.timeout_s = 1;
	trial.seen.disturb = stop_workers;
	trial_run(&trial);
	ck_assert_int_eq(trial.seen.how, SCAN_DONE);
	ck_assert_told(unscanned, "timeout slow\n");
	ck_assert_uint_eq(trial.seen.counts.hits, 4);
	trial_end(&trial);
}
END_TEST

static void truncate_victim(struct seen *seen)
{
	if (is_slow_now(seen) && seen->n_disturbed++ == 0)
		ck_assert_int_eq(truncate(seen->victim, 0), 0);
}

START_TEST(a_file_truncated_under_the_scan_crashes_nobody)
{
	struct trial trial;

	trial_begin(&trial, "rule read { condition: filesize > 8000000 and for all i in "
			    "(1..2000000000) : (uint8(8000000) == 0) }");
	folder_replace(&trial.tree, "shrinks", "");
	char victim[PATH_MAX];
	snprintf(victim, sizeof(victim), "%s", folder_path(&trial.tree, "shrinks"));
	ck_assert_int_eq(truncate(victim, 16 << 20), 0);
	trial.seen.victim = victim;
	trial.seen.disturb = truncate_victim;
	trial_run(&trial);
	ck_assert_int_eq(trial.seen.how, SCAN_DONE);
	ck_assert_uint_eq(trial.seen.counts.restarts, 0);
	ck_assert_told(hits, "");
	/* Looked at once more, it was empty and held still. */
	ck_assert_told(unscanned, "");
	ck_assert_uint_eq(trial.seen.counts.files, 1);
	trial_end(&trial);
}
END_TEST

/* Grows by itself for as long as the scan lasts. */
static void grow_victim(struct seen *seen)
{
	seen->n_disturbed++;
	int fd = open(seen->victim, O_WRONLY | O_APPEND);
	ck_assert_int_ge(fd, 0);
	ck_assert(file_write_all(fd, "x", 1));
	close(fd);
}

START_TEST(a_file_that_never_holds_still_is_named)
{
	struct trial trial;

	trial_begin(&trial, "rule slow { condition: for all i in (1..15000000) : (i > 0) and "
			    "filename == \"never\" }");
	folder_replace(&trial.tree, "log", "line\n");
	char victim[PATH_MAX];
	snprintf(victim, sizeof(victim), "%s", folder_path(&trial.tree, "log"));
	trial.seen.victim = victim;
	trial.seen.disturb = grow_victim;
	trial_run(&trial);
	ck_assert_int_eq(trial.seen.how, SCAN_DONE);
	if (trial.seen.n_disturbed >= 2) /* else the scan was too quick to be disturbed */
		ck_assert_told(unscanned, "changed log\n");
	trial_end(&trial);
}
END_TEST

START_TEST(a_compiler_that_hangs_has_its_source_refused)
{
	struct trial trial;
	struct strbuf rules = STRBUF_INIT(4096);

	trial_begin(&trial, marker_rule);
	/* The memory it takes to hold all the alternatives is more than is allowed. */
	strbuf_add_str(
		&rules, "rule huge { strings: $a = /a{1,30000}b{1,30000}/ condition: $a }");
	folder_write_at(&trial.rules, "huge.yar", strbuf_slice(&rules), O_TRUNC);
	strbuf_done(&rules);
	folder_replace(&trial.tree, "m", "MARK");
	trial_run(&trial);
	ck_assert_int_eq(trial.seen.how, SCAN_DONE);
	ck_assert_told(hits, "marker m\n");
	trial_end(&trial);
}
END_TEST

START_TEST(a_budget_is_kept)
{
	struct trial trial;

	trial_begin(&trial, "rule work { condition: for all i in (1..3000000) : (i > 0) and "
			    "filename == \"never\" }");
	for (int i = 0; i < 6; i++)
		folder_replace(&trial.tree, (const char[]){(char)('a' + i), 0}, "x");
	trial.plan.cpu_percent = 30;
	trial.plan.n_workers = 1;
	trial_run(&trial);
	ck_assert_int_eq(trial.seen.how, SCAN_DONE);
	ck_assert_uint_eq(trial.seen.counts.files, 6);
	trial_end(&trial);
}
END_TEST

START_TEST(an_empty_file_is_scanned)
{
	struct trial trial;

	trial_begin(&trial, "rule empty { condition: filesize == 0 }");
	folder_replace(&trial.tree, "e", "");
	trial_run(&trial);
	ck_assert_told(hits, "empty e\n");
	trial_end(&trial);
}
END_TEST

START_TEST(many_files_get_one_verdict_each)
{
	struct trial trial;
	char name[32];
	enum { FILES = 600 };

	trial_begin(&trial, marker_rule);
	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "%d", i);
		folder_replace(&trial.tree, name, i % 3 ? "nothing" : "MARK");
	}
	trial_run(&trial);
	ck_assert_uint_eq(trial.seen.counts.files, FILES);
	ck_assert_uint_eq(trial.seen.counts.hits, FILES / 3);
	trial_end(&trial);
}
END_TEST

#include "tests/support/scan_program.h"

int main(int argc, char **argv)
{
	const TTest *const tests[] = {a_hit_has_rule_hash_and_owner,
		a_source_with_a_mistake_is_refused_and_the_rest_works,
		nothing_is_scanned_without_rules, external_variables_tell_of_the_file,
		files_above_the_limit_are_named, large_files_are_mapped_and_hashed,
		a_file_that_takes_too_long_is_left_and_remembered, a_stopped_scan_says_so,
		a_worker_that_crashes_costs_one_file, a_worker_that_hangs_is_killed,
		a_file_truncated_under_the_scan_crashes_nobody,
		a_file_that_never_holds_still_is_named,
		a_compiler_that_hangs_has_its_source_refused, a_budget_is_kept,
		an_empty_file_is_scanned, many_files_get_one_verdict_each};

	if (argc > 1 && strcmp(argv[1], "scan") == 0)
		return scan_program(argc, argv);
	return test_run("scan", tests, ARRAY_LEN(tests));
}
