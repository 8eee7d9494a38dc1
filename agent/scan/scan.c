#include "agent/scan/scan.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "agent/scan/memory.h"
#include "agent/scan/owners.h"
#include "agent/scan/pace.h"
#include "common/clock.h"

enum { TRIES_MAX = 2 }; /* a file that changed under the scan is looked at once more */

struct scan {
	const struct scan_plan *plan;
	struct scan_user user;
	const volatile int *stop;
	struct scan_counts *counts;
	struct rules rules;
	struct crew *crew;
	struct walker *walker;
	struct owners *owners;
	struct memory *memory;
	struct pace pace;
	bool over;                  /* the walk has ended */
	struct crew_file *waiting;  /* walked to, nobody had room */
	struct crew_file **changed; /* to be looked at once more */
	size_t n_changed, changed_capacity;
	int64_t told_ms;
	struct slice path; /* under work, for on_progress */
};

/* ---- telling ------------------------------------------------------------------------ */

static void tell_progress(struct scan *scan)
{
	int64_t now_ms = clock_mono_ms();

	if (now_ms - scan->told_ms < SCAN_PROGRESS_MS)
		return;
	scan->told_ms = now_ms;
	scan->counts->restarts = crew_restarts(scan->crew);
	scan->user.on_progress(scan->user.user, scan->counts, scan->path);
}

static void tell_unscanned(struct scan *scan, struct slice path, const struct stat *st,
	enum verdict verdict, struct slice why)
{
	struct scan_object object = {.path = path, .st = st};

	scan->counts->verdicts[verdict]++;
	scan->user.on_unscanned(scan->user.user, &object, verdict, why);
}

static void file_unscanned(
	struct scan *scan, struct crew_file *file, enum verdict verdict, struct slice why)
{
	tell_unscanned(scan, slice_str(file->path), &file->st, verdict, why);
	crew_file_free(file);
}

static void tell_trouble(struct scan *scan, const struct err *err)
{
	scan->user.on_trouble(scan->user.user, err->text);
}

/* ---- results ------------------------------------------------------------------------- */

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* Since it was opened. False when the kernel cannot say. */
static bool has_changed(const struct crew_file *file)
{
	struct stat now;

	if (fstat(file->fd, &now) != 0)
		return true;
	return now.st_size != file->st.st_size || !same_time(now.st_mtim, file->st.st_mtim) ||
	       (!same_time(now.st_ctim, file->st.st_ctim) && now.st_nlink == file->st.st_nlink);
}

static void tell_hits(struct scan *scan, const struct crew_file *file,
	const struct result *result, struct varint_reader *reader)
{
	struct hit hit;
	struct scan_object object = {.path = slice_str(file->path),
		.st = &file->st,
		.owner = file->owner,
		.group = owners_group(scan->owners, file->st.st_gid),
		.sha256 = result->hashed && !has_changed(file) ? result->sha256 : NULL};

	scan->counts->hit_files += result->n_hits > 0;
	scan->counts->unlisted += result->n_unlisted;
	for (uint64_t i = 0; i < result->n_hits && hit_read(reader, &hit); i++) {
		scan->counts->hits++;
		scan->user.on_hit(scan->user.user, &object, &hit);
	}
}

static void look_again(struct scan *scan, struct crew_file *file)
{
	if (scan->n_changed == scan->changed_capacity) {
		scan->changed_capacity =
			scan->changed_capacity ? scan->changed_capacity * 2 : 16;
		scan->changed =
			realloc(scan->changed, scan->changed_capacity * sizeof(*scan->changed));
		if (scan->changed == NULL)
			abort();
	}
	scan->changed[scan->n_changed++] = file;
}

static void count_scanned(struct scan *scan, const struct result *result)
{
	scan->counts->files++;
	scan->counts->verdicts[VERDICT_SCANNED]++;
	scan->counts->bytes += result->bytes;
	scan->counts->partial += result->partial;
}

static void on_scanned(struct scan *scan, struct crew_file *file, const struct result *result,
	struct varint_reader *reader)
{
	/* A hit stands, whatever happened meanwhile; "no hit" of a moving file does not. */
	if (result->n_hits == 0 && has_changed(file)) {
		if (file->tries + 1 < TRIES_MAX) {
			look_again(scan, file);
			return;
		}
		file_unscanned(scan, file, VERDICT_CHANGED, SLICE_LIT("changes all the time"));
		return;
	}
	count_scanned(scan, result);
	tell_hits(scan, file, result, reader);
	crew_file_free(file);
}

static void on_result(void *user, struct crew_file *file, const struct result *result,
	struct varint_reader *reader)
{
	struct scan *scan = user;

	switch (result->outcome) {
	case RESULT_SCANNED:
		on_scanned(scan, file, result, reader);
		break;
	case RESULT_TIMEOUT:
		memory_add(scan->memory, &file->st);
		file_unscanned(
			scan, file, VERDICT_TIMEOUT, SLICE_LIT("takes longer than allowed"));
		break;
	case RESULT_CHANGED:
		if (file->tries + 1 < TRIES_MAX)
			look_again(scan, file);
		else
			file_unscanned(scan, file, VERDICT_CHANGED,
				SLICE_LIT("truncated while it was scanned"));
		break;
	case RESULT_UNREADABLE:
		file_unscanned(scan, file, VERDICT_UNREADABLE, result->words);
		break;
	case RESULT_FAILED:
	case RESULT_OUTCOMES:
		file_unscanned(scan, file, VERDICT_FAILED, result->words);
		break;
	}
}

static void on_loss(void *user, struct crew_file *file, enum crew_loss loss)
{
	struct scan *scan = user;

	switch (loss) {
	case LOSS_CRASHED:
		memory_add(scan->memory, &file->st);
		file_unscanned(
			scan, file, VERDICT_FAILED, SLICE_LIT("the worker died looking at it"));
		break;
	case LOSS_TIMEOUT:
		memory_add(scan->memory, &file->st);
		file_unscanned(scan, file, VERDICT_TIMEOUT,
			SLICE_LIT("the worker had to be ended looking at it"));
		break;
	case LOSS_NO_WORKER:
		file_unscanned(
			scan, file, VERDICT_FAILED, SLICE_LIT("no worker can be started"));
		break;
	}
}

/* ---- what is given to the crew --------------------------------------------------------- */

static struct crew_file *make_file(struct scan *scan, const struct walk_object *object)
{
	struct crew_file *file = calloc(1, sizeof(*file));

	if (file == NULL || (file->path = strndup(object->path.ptr, object->path.len)) == NULL)
		abort();
	file->name_at = object->name_at;
	file->is_root = object->is_root;
	file->fd = object->fd;
	file->st = object->st;
	file->owner = owners_user(scan->owners, object->st.st_uid);
	return file;
}

static void unscanned_object(struct scan *scan, const struct walk_object *object)
{
	tell_unscanned(scan, object->path, NULL, object->verdict,
		slice_str(object->sys != 0 ? strerror(object->sys) : ""));
}

/* NULL when it is not scanned, which was told. */
static struct crew_file *accept_file(struct scan *scan, const struct walk_object *object)
{
	struct crew_file *file = make_file(scan, object);

	if ((uint64_t)file->st.st_size > scan->plan->size_max) {
		file_unscanned(scan, file, VERDICT_TOO_LARGE, SLICE_LIT(""));
		return NULL;
	}
	if (memory_knows(scan->memory, &file->st)) {
		file_unscanned(scan, file, VERDICT_REMEMBERED,
			SLICE_LIT("crashed or stopped a worker with these rules before"));
		return NULL;
	}
	return file;
}

/* With a new look at its size and times. */
static struct crew_file *take_changed(struct scan *scan)
{
	struct crew_file *file = scan->changed[--scan->n_changed];

	file->tries++;
	(void)fstat(file->fd, &file->st);
	return file;
}

/* NULL when the walk is over. */
static struct crew_file *next_file(struct scan *scan)
{
	struct walk_object object;
	struct crew_file *file;

	while (!scan->over && !*scan->stop) {
		enum walk_step step = walker_next(scan->walker, &object);

		scan->path = step == WALK_END ? slice_of("", 0) : object.path;
		switch (step) {
		case WALK_FILE:
			if ((file = accept_file(scan, &object)) != NULL)
				return file;
			break;
		case WALK_UNSCANNED:
			unscanned_object(scan, &object);
			break;
		case WALK_END:
			scan->over = true;
			break;
		}
		tell_progress(scan);
	}
	return scan->n_changed > 0 && !*scan->stop ? take_changed(scan) : NULL;
}

static uint64_t own_cpu_us(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage) != 0)
		return 0;
	return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000U +
	       (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static int pause_ms(struct scan *scan)
{
	return pace_pause_ms(
		&scan->pace, clock_mono_ms(), own_cpu_us() + crew_cpu_us(scan->crew));
}

/* Gives out files until everybody is busy or the budget is used up; what to wait for then. */
static int give_files(struct scan *scan)
{
	for (;;) {
		int pause = pause_ms(scan);
		if (pause > 0)
			return pause;
		if (scan->waiting == NULL)
			scan->waiting = next_file(scan);
		if (scan->waiting == NULL)
			return INT_MAX;
		if (!crew_give(scan->crew, scan->waiting))
			return INT_MAX;
		scan->waiting = NULL;
	}
}

static bool is_over(const struct scan *scan)
{
	return scan->over && scan->waiting == NULL && scan->n_changed == 0 &&
	       crew_busy(scan->crew) == 0;
}

static void work(struct scan *scan)
{
	while (!is_over(scan) && !*scan->stop) {
		int wait_ms = give_files(scan);

		if (is_over(scan))
			break;
		crew_wait(scan->crew, wait_ms < SCAN_PROGRESS_MS ? wait_ms : SCAN_PROGRESS_MS);
		scan->path = scan->waiting != NULL ? slice_str(scan->waiting->path)
						   : slice_of("", 0);
		tell_progress(scan);
	}
}

/* ---- begin and end ------------------------------------------------------------------------
 */

static bool begin(struct scan *scan, struct err *err)
{
	const struct scan_plan *plan = scan->plan;
	struct crew_limits limits = {
		.n_workers = plan->n_workers,
		/* Ahead of a budget nothing is given: the pause lies between two files. */
		.n_waiting = plan->cpu_percent > 0 ? 1 : CREW_WAITING_MAX,
		.timeout_s = plan->timeout_s,
		.memory_max = plan->memory_max > 0 ? plan->memory_max + plan->size_max : 0,
	};
	struct crew_user crew_user = {on_result, on_loss, scan};
	struct err trouble = {0};

	if (!rules_gather(plan->rules, plan->n_rules, &scan->rules, err))
		return false;
	scan->crew = crew_new(&limits, &scan->rules, &crew_user, err);
	scan->user.on_rules(scan->user.user, &scan->rules,
		scan->crew != NULL ? crew_rules(scan->crew) : 0,
		scan->crew != NULL ? crew_sandbox_missing(scan->crew) : 0);
	if (scan->crew == NULL)
		return false;
	if (plan->memory_file == NULL)
		memory_read(scan->memory, scan->rules.version, SLICE_LIT(""));
	else if (!memory_load(scan->memory, scan->rules.version, plan->memory_file, &trouble))
		tell_trouble(scan, &trouble);
	pace_init(&scan->pace, plan->cpu_percent, clock_mono_ms(), 0);
	return true;
}

static void end(struct scan *scan)
{
	struct err trouble = {0};

	if (scan->crew != NULL)
		scan->counts->restarts = crew_restarts(scan->crew);
	crew_free(scan->crew);
	if (scan->plan->memory_file != NULL && scan->memory->changed &&
		!memory_save(scan->memory, scan->plan->memory_file, &trouble))
		tell_trouble(scan, &trouble);
	for (size_t i = 0; i < scan->n_changed; i++)
		crew_file_free(scan->changed[i]);
	free(scan->changed);
	crew_file_free(scan->waiting);
	walker_free(scan->walker);
	owners_free(scan->owners);
	free(scan->memory);
	rules_done(&scan->rules);
}

enum scan_end scan_run(const struct scan_plan *plan, const struct scan_user *user,
	const volatile int *stop, struct scan_counts *counts, struct err *err)
{
	struct scan scan = {.plan = plan,
		.user = *user,
		.stop = stop,
		.counts = counts,
		.walker = walker_new(&plan->walk),
		.owners = owners_new(),
		.memory = calloc(1, sizeof(struct memory))};
	enum scan_end how = SCAN_FAILED;

	if (scan.memory == NULL)
		abort();
	*counts = (struct scan_counts){0};
	if (begin(&scan, err)) {
		work(&scan);
		how = is_over(&scan) ? SCAN_DONE : SCAN_STOPPED;
	}
	end(&scan);
	return how;
}
