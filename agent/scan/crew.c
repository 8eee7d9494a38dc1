#include "agent/scan/crew.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/scan/channel.h"
#include "agent/scan/pace.h"
#include "agent/scan/spawn.h"
#include "agent/scan/worker.h"
#include "common/backoff.h"
#include "common/clock.h"

enum {
	SOURCE_MS = 30000, /* one source may take the compiler so long, and so all together */
	FILE_GRACE_MS = 5000, /* libyara's own limit comes first */
	SEND_S = 30,
	DYING_MS = 20, /* between looks whether a killed worker is gone */
	RESTART_FIRST_MS = 50,
	RESTART_MOST_MS = 10000,
	FAILURES_MAX = 8, /* starts in a row that failed; then the place stays empty */
	COMPILER_DEATHS_MAX = 32,
	FREE_MS = 2000, /* a killed worker is waited for so long at the end */
};

enum state {
	STATE_OFF,       /* to be started at start_at_ms */
	STATE_COMPILING, /* what it says is awaited until deadline_ms */
	STATE_READY,
	STATE_DYING, /* killed, not gone yet: a process in the kernel's hands may take long */
	STATE_GIVEN_UP,
};

struct member {
	enum state state;
	pid_t pid;
	struct channel channel;
	size_t compiling; /* number of the source it looks at, among those sent */
	int64_t deadline_ms, start_at_ms;
	unsigned failures;
	struct backoff backoff;
	struct crew_file *files[CREW_WAITING_MAX]; /* given, in this order */
	unsigned n_files;
	uint64_t first_ticket; /* of files[0] */
	uint64_t cpu_us;       /* as it last said, and can be */
	int64_t told_ms;       /* when; monotonic */
	rlim_t cpu_limit_s;
};

struct crew {
	struct crew_limits limits;
	struct rules *rules;
	struct crew_user user;
	struct member members[CREW_WORKERS_MAX];
	size_t *sent; /* numbers of the sources a worker gets, as it counts them */
	size_t n_sent;
	struct crew_file **again; /* given to a worker that died before it came to them */
	size_t n_again, again_capacity;
	uint64_t n_rules;
	unsigned sandbox_missing;
	unsigned compiler_deaths;
	bool compiled; /* once */
	uint64_t restarts, past_cpu_us;
	struct strbuf body;
	char words[ERR_TEXT_MAX]; /* why nothing could be compiled */
};

void crew_file_free(struct crew_file *file)
{
	if (file == NULL)
		return;
	if (file->fd >= 0)
		close(file->fd);
	free(file->path);
	free(file);
}

/* ---- starting a worker --------------------------------------------------------------- */

/* libyara allocates and frees thousands of small pieces a file; with glibc's usual cache a
 * tenth of the time goes into its free lists, which compiling left in pieces. */
static char tunables[] = "GLIBC_TUNABLES=glibc.malloc.tcache_count=2000";

/* Ours, with the worker's own tunables. The caller frees; the texts stay where they are. */
static char **worker_environment(void)
{
	size_t n = 0, to = 0;

	while (environ != NULL && environ[n] != NULL)
		n++;
	char **all = calloc(n + 2, sizeof(*all));
	if (all == NULL)
		abort();
	for (size_t i = 0; i < n; i++) {
		if (strncmp(environ[i], tunables, sizeof("GLIBC_TUNABLES=") - 1) != 0)
			all[to++] = environ[i];
	}
	all[to] = tunables;
	return all;
}

static bool spawn_worker(struct member *member, struct err *err)
{
	char program[] = "soc-agent", command[] = "scan", option[] = "--" WORKER_OPTION;
	char *arguments[] = {program, command, option, NULL};
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return err_sys(err, "making a channel to a worker");
	char **environment = worker_environment();
	struct spawn how = {arguments, environment, pair[1], WORKER_CHANNEL};
	bool started = spawn_self(&how, &member->pid, err);
	free(environment);
	close(pair[1]);
	if (!started) {
		close(pair[0]);
		return false;
	}
	/* A worker that does not read any more must not stop us for ever. */
	(void)setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){.tv_sec = SEND_S},
		sizeof(struct timeval));
	channel_init(&member->channel, pair[0], CHANNEL_FROM_WORKER_MAX, false);
	return true;
}

static bool send_limits(struct crew *crew, struct member *member)
{
	strbuf_reset(&crew->body);
	body_put_number(&crew->body, crew->limits.memory_max);
	body_put_number(&crew->body, crew->limits.timeout_s);
	return channel_send(&member->channel, MESSAGE_START, strbuf_slice(&crew->body), -1);
}

static bool send_source(
	struct crew *crew, struct member *member, const struct rule_source *source)
{
	strbuf_reset(&crew->body);
	body_put_text(&crew->body, slice_str(source->name));
	body_put_text(&crew->body, slice_str(source->ruleset));
	body_put_text(&crew->body, slice_of(source->text, source->len));
	return channel_send(&member->channel, MESSAGE_RULES, strbuf_slice(&crew->body), -1);
}

static bool send_rules(struct crew *crew, struct member *member)
{
	crew->n_sent = 0;
	for (size_t i = 0; i < crew->rules->n; i++) {
		if (crew->rules->sources[i].refused)
			continue;
		crew->sent[crew->n_sent++] = i;
		if (!send_source(crew, member, &crew->rules->sources[i]))
			return false;
	}
	return channel_send(&member->channel, MESSAGE_COMPILE, SLICE_LIT(""), -1);
}

/* A backstop for the time when nobody watches: far above what the deadlines allow. */
static void limit_cpu(struct crew *crew, struct member *member)
{
	rlim_t used_s = (rlim_t)(member->cpu_us / 1000000U);
	rlim_t reserve_s = 2 * (rlim_t)crew->limits.timeout_s + SOURCE_MS / 1000;

	if (member->cpu_limit_s >= used_s + reserve_s)
		return;
	member->cpu_limit_s = used_s + 4 * reserve_s;
	struct rlimit limit = {member->cpu_limit_s, RLIM_INFINITY};
	(void)prlimit(member->pid, RLIMIT_CPU, &limit, NULL);
}

static void member_dies(struct crew *crew, struct member *member, enum crew_loss loss);

static void start(struct crew *crew, struct member *member)
{
	member->cpu_us = 0;
	member->told_ms = clock_mono_ms();
	member->cpu_limit_s = 0;
	member->compiling = SIZE_MAX;
	member->pid = 0;
	struct err err = {0};
	if (!spawn_worker(member, &err)) {
		snprintf(crew->words, sizeof(crew->words), "%s", err.text);
		member->state = STATE_OFF;
		member->start_at_ms = clock_mono_ms() + backoff_next(&member->backoff);
		if (++member->failures >= FAILURES_MAX)
			member->state = STATE_GIVEN_UP;
		return;
	}
	member->state = STATE_COMPILING;
	member->deadline_ms = clock_mono_ms() + SOURCE_MS;
	limit_cpu(crew, member);
	if (!send_limits(crew, member) || !send_rules(crew, member))
		member_dies(crew, member, LOSS_CRASHED);
}

/* ---- the end of a worker --------------------------------------------------------------- */

/* True when it is gone. */
static bool reap(struct member *member)
{
	pid_t pid = waitpid(member->pid, NULL, WNOHANG);

	return pid == member->pid || (pid < 0 && errno == ECHILD);
}

static void replace(struct crew *crew, struct member *member)
{
	member->pid = 0;
	member->state = STATE_OFF;
	member->start_at_ms = clock_mono_ms() + backoff_next(&member->backoff);
	if (++member->failures >= FAILURES_MAX)
		member->state = STATE_GIVEN_UP;
	else
		crew->restarts++;
}

static void queue_again(struct crew *crew, struct crew_file *file)
{
	if (crew->n_again == crew->again_capacity) {
		crew->again_capacity = crew->again_capacity ? crew->again_capacity * 2 : 16;
		crew->again = realloc(crew->again, crew->again_capacity * sizeof(*crew->again));
		if (crew->again == NULL)
			abort();
	}
	crew->again[crew->n_again++] = file;
}

static void give_back_files(struct crew *crew, struct member *member, enum crew_loss loss)
{
	unsigned n = member->n_files;

	member->n_files = 0;
	for (unsigned i = 1; i < n; i++)
		queue_again(crew, member->files[i]);
	if (n > 0)
		crew->user.on_loss(crew->user.user, member->files[0], loss);
}

static void blame_source(struct crew *crew, struct member *member, enum crew_loss loss)
{
	crew->compiler_deaths++;
	/* What compiled once is not to blame for a later death. */
	if (crew->compiled || member->compiling >= crew->n_sent)
		return;
	rules_refuse(&crew->rules->sources[crew->sent[member->compiling]],
		loss == LOSS_TIMEOUT ? SLICE_LIT("0: takes the compiler too long")
				     : SLICE_LIT("0: crashes the compiler"));
	member->failures = 0; /* the next start is another one */
}

static void member_dies(struct crew *crew, struct member *member, enum crew_loss loss)
{
	enum state was = member->state;

	(void)kill(member->pid, SIGKILL);
	channel_done(&member->channel);
	crew->past_cpu_us += member->cpu_us;
	member->cpu_us = 0;
	if (was == STATE_COMPILING)
		blame_source(crew, member, loss);
	else
		member->failures = 0;
	member->state = STATE_DYING;
	if (reap(member))
		replace(crew, member);
	give_back_files(crew, member, loss);
}

/* ---- what a worker says ------------------------------------------------------------------ */

static bool take_refused(struct crew *crew, struct varint_reader *reader)
{
	uint64_t n = varint_read_max(reader, crew->n_sent);

	for (uint64_t i = 0; i < n && !reader->bad; i++) {
		uint64_t source = varint_read(reader);
		struct slice words = body_read_text(reader, RULES_REASON_MAX);

		if (reader->bad || source >= crew->n_sent)
			return false;
		rules_refuse(&crew->rules->sources[crew->sent[source]], words);
	}
	return varint_reader_done(reader);
}

static void take_cpu(struct member *member, uint64_t said_us)
{
	int64_t now_ms = clock_mono_ms();

	member->cpu_us = pace_believe(member->cpu_us, said_us, now_ms - member->told_ms);
	member->told_ms = now_ms;
}

static bool take_ready(struct crew *crew, struct member *member, struct slice body)
{
	struct varint_reader reader = varint_reader(body);
	uint64_t n_rules = varint_read(&reader);

	member->compiling = SIZE_MAX;
	take_cpu(member, varint_read(&reader));
	crew->sandbox_missing |= (unsigned)varint_read_max(&reader, UINT32_MAX);
	struct slice words = body_read_text(&reader, RULES_REASON_MAX);
	if (member->state != STATE_COMPILING || reader.bad || !take_refused(crew, &reader))
		return false;
	if (n_rules == 0) {
		snprintf(crew->words, sizeof(crew->words), "%.*s",
			SLICE_FMT(words.len > 0 ? words : SLICE_LIT("no rule compiles")));
		return false;
	}
	if (crew->compiled && n_rules != crew->n_rules)
		return false; /* all workers look for the same, or do not look */
	crew->n_rules = n_rules;
	crew->compiled = true;
	member->state = STATE_READY;
	member->failures = 0;
	return true;
}

static bool take_compiling(struct member *member, struct slice body)
{
	struct varint_reader reader = varint_reader(body);

	if (member->state != STATE_COMPILING)
		return false;
	member->compiling = varint_read(&reader);
	member->deadline_ms = clock_mono_ms() + SOURCE_MS;
	return varint_reader_done(&reader);
}

static void arm_file(struct crew *crew, struct member *member)
{
	member->deadline_ms =
		clock_mono_ms() + (int64_t)crew->limits.timeout_s * 1000 + FILE_GRACE_MS;
}

static bool take_result(struct crew *crew, struct member *member, struct slice body)
{
	struct varint_reader reader = varint_reader(body);
	struct result result;

	if (member->state != STATE_READY || member->n_files == 0 ||
		!result_read(&reader, &result) || result.ticket != member->first_ticket)
		return false;
	struct crew_file *file = member->files[0];
	member->n_files--;
	member->first_ticket++;
	memmove(member->files, member->files + 1, member->n_files * sizeof(file));
	take_cpu(member, result.worker_cpu_us);
	backoff_reset(&member->backoff);
	limit_cpu(crew, member);
	arm_file(crew, member);
	crew->user.on_result(crew->user.user, file, &result, &reader);
	return true;
}

static bool take_message(
	struct crew *crew, struct member *member, const struct channel_message *message)
{
	switch (message->type) {
	case MESSAGE_COMPILING:
		return take_compiling(member, message->body);
	case MESSAGE_READY:
		return take_ready(crew, member, message->body);
	case MESSAGE_RESULT:
		return take_result(crew, member, message->body);
	default:
		return false;
	}
}

static void hear(struct crew *crew, struct member *member)
{
	struct channel_message message;
	enum channel_status filled = channel_fill(&member->channel);
	enum channel_status status;

	if (filled == CHANNEL_WAIT)
		return;
	while ((status = channel_next(&member->channel, &message)) == CHANNEL_OK) {
		if (!take_message(crew, member, &message)) {
			status = CHANNEL_BROKEN;
			break;
		}
	}
	if (status == CHANNEL_BROKEN || filled != CHANNEL_OK)
		member_dies(crew, member, LOSS_CRASHED);
}

/* ---- giving ----------------------------------------------------------------------------- */

static struct slice extension_of(struct slice name, char *lower, size_t size)
{
	size_t at = name.len, n = 0;

	if (slice_absent(name))
		return slice_of("", 0);
	while (at > 0 && name.ptr[at - 1] != '.')
		at--;
	if (at <= 1) /* none, or a hidden file */
		return slice_of("", 0);
	for (size_t i = at - 1; i < name.len && n < size; i++) {
		char c = name.ptr[i];
		lower[n++] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
	}
	return slice_of(lower, n);
}

static struct slice at_most(struct slice text, size_t max)
{
	return text.len > max ? slice_head(text, max) : text;
}

static void put_file(struct strbuf *body, uint64_t ticket, const struct crew_file *file)
{
	struct slice path = slice_str(file->path);
	struct slice name = slice_from(path, file->name_at);
	size_t folder = file->name_at > 1 ? file->name_at - 1 : file->name_at;
	char lower[256];

	strbuf_reset(body);
	body_put_number(body, ticket);
	body_put_text(body, at_most(name, WORKER_EXTERNAL_MAX));
	body_put_text(body, at_most(slice_head(path, folder), WORKER_EXTERNAL_MAX));
	body_put_text(body, extension_of(name, lower, sizeof(lower)));
	body_put_text(body, slice_str(file->owner));
}

static struct member *least_busy(struct crew *crew)
{
	struct member *best = NULL;

	for (unsigned i = 0; i < crew->limits.n_workers; i++) {
		struct member *member = &crew->members[i];

		if (member->state == STATE_READY && member->n_files < crew->limits.n_waiting &&
			(best == NULL || member->n_files < best->n_files))
			best = member;
	}
	return best;
}

static bool give_to(struct crew *crew, struct member *member, struct crew_file *file)
{
	put_file(&crew->body, member->first_ticket + member->n_files, file);
	if (member->n_files == 0)
		arm_file(crew, member);
	member->files[member->n_files++] = file;
	return channel_send(
		&member->channel, MESSAGE_FILE, strbuf_slice(&crew->body), file->fd);
}

static void give_again(struct crew *crew)
{
	struct member *member;

	while (crew->n_again > 0 && (member = least_busy(crew)) != NULL) {
		if (!give_to(crew, member, crew->again[--crew->n_again]))
			member_dies(crew, member, LOSS_CRASHED);
	}
}

static bool all_given_up(const struct crew *crew)
{
	for (unsigned i = 0; i < crew->limits.n_workers; i++) {
		if (crew->members[i].state != STATE_GIVEN_UP)
			return false;
	}
	return true;
}

static void lose_again(struct crew *crew)
{
	while (crew->n_again > 0)
		crew->user.on_loss(
			crew->user.user, crew->again[--crew->n_again], LOSS_NO_WORKER);
}

bool crew_give(struct crew *crew, struct crew_file *file)
{
	struct member *member;

	give_again(crew);
	if (all_given_up(crew)) {
		lose_again(crew);
		crew->user.on_loss(crew->user.user, file, LOSS_NO_WORKER);
		return true;
	}
	if (crew->n_again > 0 || (member = least_busy(crew)) == NULL)
		return false;
	if (!give_to(crew, member, file))
		member_dies(crew, member, LOSS_CRASHED);
	return true;
}

size_t crew_busy(const struct crew *crew)
{
	size_t n = crew->n_again;

	for (unsigned i = 0; i < crew->limits.n_workers; i++)
		n += crew->members[i].n_files;
	return n;
}

/* ---- waiting ------------------------------------------------------------------------------
 */

/* When something is to be done for it; INT64_MAX = only when it says something. */
static int64_t next_duty_ms(const struct member *member, int64_t now_ms)
{
	switch (member->state) {
	case STATE_OFF:
		return member->start_at_ms;
	case STATE_COMPILING:
		return member->deadline_ms;
	case STATE_READY:
		return member->n_files > 0 ? member->deadline_ms : INT64_MAX;
	case STATE_DYING:
		return now_ms + DYING_MS;
	case STATE_GIVEN_UP:
		return INT64_MAX;
	}
	return INT64_MAX;
}

static void do_duty(struct crew *crew, struct member *member, int64_t now_ms)
{
	switch (member->state) {
	case STATE_OFF:
		if (now_ms >= member->start_at_ms)
			start(crew, member);
		break;
	case STATE_COMPILING:
		if (now_ms >= member->deadline_ms)
			member_dies(crew, member, LOSS_TIMEOUT);
		break;
	case STATE_READY:
		if (member->n_files > 0 && now_ms >= member->deadline_ms)
			member_dies(crew, member, LOSS_TIMEOUT);
		break;
	case STATE_DYING:
		if (reap(member))
			replace(crew, member);
		break;
	case STATE_GIVEN_UP:
		break;
	}
}

static int wait_ms(const struct crew *crew, int timeout_ms)
{
	int64_t now_ms = clock_mono_ms(), until_ms = now_ms + timeout_ms;

	for (unsigned i = 0; i < crew->limits.n_workers; i++) {
		int64_t duty_ms = next_duty_ms(&crew->members[i], now_ms);

		if (duty_ms < until_ms)
			until_ms = duty_ms;
	}
	return until_ms > now_ms ? (int)(until_ms - now_ms) : 0;
}

static bool has_channel(const struct member *member)
{
	return member->state == STATE_COMPILING || member->state == STATE_READY;
}

void crew_wait(struct crew *crew, int timeout_ms)
{
	struct pollfd polls[CREW_WORKERS_MAX];
	unsigned n = crew->limits.n_workers;

	for (unsigned i = 0; i < n; i++)
		polls[i] = (struct pollfd){
			.fd = has_channel(&crew->members[i]) ? crew->members[i].channel.fd : -1,
			.events = POLLIN};
	int ready = poll(polls, n, wait_ms(crew, timeout_ms));
	for (unsigned i = 0; i < n && ready > 0; i++) {
		if (polls[i].revents != 0)
			hear(crew, &crew->members[i]);
	}
	int64_t now_ms = clock_mono_ms();
	for (unsigned i = 0; i < n; i++)
		do_duty(crew, &crew->members[i], now_ms);
	give_again(crew);
	if (all_given_up(crew))
		lose_again(crew);
}

/* ---- life -----------------------------------------------------------------------------------
 */

static size_t count_usable(const struct rules *rules)
{
	size_t n = 0;

	for (size_t i = 0; i < rules->n; i++)
		n += !rules->sources[i].refused;
	return n;
}

/* Until the first worker is ready or there is no hope. */
static bool compile_first(struct crew *crew, struct err *err)
{
	struct member *first = &crew->members[0];

	start(crew, first);
	while (!crew->compiled) {
		if (crew->words[0] != '\0')
			return err_set(err, "%s", crew->words);
		if (count_usable(crew->rules) == 0)
			return err_set(err, "no rule file is usable");
		if (first->state == STATE_GIVEN_UP ||
			crew->compiler_deaths > COMPILER_DEATHS_MAX)
			return err_set(err, "the rules crash or stop the compiler");
		crew_wait(crew, SOURCE_MS);
	}
	return true;
}

struct crew *crew_new(const struct crew_limits *limits, struct rules *rules,
	const struct crew_user *user, struct err *err)
{
	struct crew *crew = calloc(1, sizeof(*crew));

	if (crew == NULL || (crew->sent = calloc(rules->n + 1, sizeof(*crew->sent))) == NULL)
		abort();
	crew->limits = *limits;
	crew->limits.n_workers = 1; /* the others begin when the sources are known to be good */
	crew->rules = rules;
	crew->user = *user;
	strbuf_init(&crew->body, CHANNEL_TO_WORKER_MAX);
	for (unsigned i = 0; i < limits->n_workers; i++)
		backoff_init(&crew->members[i].backoff, RESTART_FIRST_MS, RESTART_MOST_MS);
	if (!compile_first(crew, err)) {
		crew_free(crew);
		return NULL;
	}
	crew->limits.n_workers = limits->n_workers;
	return crew;
}

static void end_member(struct member *member)
{
	if (has_channel(member)) {
		(void)kill(member->pid, SIGKILL);
		channel_done(&member->channel);
		member->state = STATE_DYING;
	}
	for (unsigned i = 0; i < member->n_files; i++)
		crew_file_free(member->files[i]);
}

static void await_end(struct member *member, int64_t until_ms)
{
	struct timespec pause = {.tv_nsec = 1000000};

	while (!reap(member) && clock_mono_ms() < until_ms)
		(void)nanosleep(&pause, NULL);
}

void crew_free(struct crew *crew)
{
	if (crew == NULL)
		return;
	for (unsigned i = 0; i < CREW_WORKERS_MAX; i++)
		end_member(&crew->members[i]);
	int64_t until_ms = clock_mono_ms() + FREE_MS;
	for (unsigned i = 0; i < CREW_WORKERS_MAX; i++) {
		if (crew->members[i].state == STATE_DYING)
			await_end(&crew->members[i], until_ms);
	}
	for (size_t i = 0; i < crew->n_again; i++)
		crew_file_free(crew->again[i]);
	free(crew->again);
	free(crew->sent);
	strbuf_done(&crew->body);
	free(crew);
}

uint64_t crew_rules(const struct crew *crew)
{
	return crew->n_rules;
}

unsigned crew_sandbox_missing(const struct crew *crew)
{
	return crew->sandbox_missing;
}

uint64_t crew_restarts(const struct crew *crew)
{
	return crew->restarts;
}

uint64_t crew_cpu_us(const struct crew *crew)
{
	uint64_t sum = crew->past_cpu_us;

	for (unsigned i = 0; i < crew->limits.n_workers; i++)
		sum += crew->members[i].cpu_us;
	return sum;
}
