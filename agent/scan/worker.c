#include "agent/scan/worker.h"

#include <errno.h>
#include <openssl/evp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/scan/channel.h"
#include "agent/scan/compile.h"
#include "agent/scan/file_type.h"
#include "agent/scan/result.h"
#include "common/sandbox.h"

enum { HITS_SIZE_MAX = CHANNEL_FROM_WORKER_MAX - 4096, OPEN_MAX_IN_SANDBOX = 128 };

/* What libyara, OpenSSL's SHA-256, malloc and the loop below need. */
static const int allowed[] = {SCMP_SYS(recvmsg), SCMP_SYS(sendmsg), SCMP_SYS(read),
	SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(close), SCMP_SYS(lseek), SCMP_SYS(fstat),
	SCMP_SYS(fstat64), SCMP_SYS(newfstatat), SCMP_SYS(mmap), SCMP_SYS(mmap2),
	SCMP_SYS(munmap), SCMP_SYS(mprotect), SCMP_SYS(mremap), SCMP_SYS(madvise),
	SCMP_SYS(brk), SCMP_SYS(futex), SCMP_SYS(getrandom), SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_gettime64), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(getrusage),
	SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(tgkill), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigreturn), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(sigaltstack), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity),
	SCMP_SYS(sysinfo), SCMP_SYS(restart_syscall), SCMP_SYS(exit), SCMP_SYS(exit_group)};

/* What an attacker inside would want; everything else merely fails. */
static const int deadly[] = {SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(socket),
	SCMP_SYS(connect), SCMP_SYS(bind), SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(clone),
	SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(rename), SCMP_SYS(renameat),
	SCMP_SYS(renameat2), SCMP_SYS(bpf), SCMP_SYS(keyctl), SCMP_SYS(add_key),
	SCMP_SYS(mount), SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(kill)};

struct worker {
	struct channel channel;
	uint64_t memory_max;
	int timeout_s;
	struct compile_source *sources;
	size_t n_sources;
	unsigned sandbox_missing;
	YR_RULES *rules;
	YR_SCANNER *scanner; /* NULL: make one for the next file */
	EVP_MD *sha256;
	unsigned char *buffer; /* WORKER_READ_MAX bytes */
	struct strbuf body, hits;
	struct result result; /* of the file under scan */
};

unsigned worker_confine(uint64_t memory_max)
{
	return sandbox_enter(&(struct sandbox_rules){
		.calls = allowed,
		.n_calls = ARRAY_LEN(allowed),
		.deadly = deadly,
		.n_deadly = ARRAY_LEN(deadly),
		.memory_max = memory_max,
		.open_max = OPEN_MAX_IN_SANDBOX,
	});
}

static uint64_t cpu_us(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage) != 0)
		return 0;
	return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000U +
	       (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static bool send_body(struct worker *worker, enum message_type type)
{
	return !worker->body.overflow &&
	       channel_send(&worker->channel, type, strbuf_slice(&worker->body), -1);
}

/* ---- hits --------------------------------------------------------------------- */

static struct slice cut(const char *text, size_t max)
{
	return slice_of(text, strnlen(text, max));
}

static void take_tags(struct hit *hit, const YR_RULE *rule)
{
	const char *tag;

	yr_rule_tags_foreach(rule, tag)
	{
		if (hit->n_tags == HIT_TAGS_MAX) {
			hit->cut |= HIT_CUT_TAGS;
			return;
		}
		hit->tags[hit->n_tags++] = cut(tag, HIT_NAME_MAX);
	}
}

static void take_meta(struct hit *hit, const YR_META *meta)
{
	struct hit_meta *to = &hit->metas[hit->n_metas++];

	*to = (struct hit_meta){.name = cut(meta->identifier, HIT_NAME_MAX)};
	if (meta->type == META_TYPE_STRING) {
		to->kind = META_TEXT;
		to->text = cut(meta->string, HIT_TEXT_MAX);
	} else {
		to->kind = meta->type == META_TYPE_BOOLEAN ? META_FLAG : META_INTEGER;
		to->integer = meta->integer;
	}
}

static void take_metas(struct hit *hit, const YR_RULE *rule)
{
	const YR_META *meta;

	yr_rule_metas_foreach(rule, meta)
	{
		if (hit->n_metas == HIT_METAS_MAX) {
			hit->cut |= HIT_CUT_META;
			return;
		}
		take_meta(hit, meta);
	}
}

static void take_match(struct hit *hit, const YR_STRING *string, const YR_MATCH *match)
{
	if (match->is_private)
		return;
	if (hit->n_strings == HIT_STRINGS_MAX) {
		hit->cut |= HIT_CUT_STRINGS;
		return;
	}
	hit->strings[hit->n_strings++] = (struct hit_string){
		.name = cut(string->identifier, HIT_NAME_MAX),
		.offset = (uint64_t)(match->base + match->offset),
		.length = (uint64_t)match->match_length,
	};
}

static void take_strings(struct hit *hit, YR_SCAN_CONTEXT *context, const YR_RULE *rule)
{
	const YR_STRING *string;

	yr_rule_strings_foreach(rule, string)
	{
		const void *at = context->matches[string->idx].head;

		while (at != NULL && !(hit->cut & HIT_CUT_STRINGS)) {
			YR_MATCH match; /* libyara does not align them */

			memcpy(&match, at, sizeof(match));
			take_match(hit, string, &match);
			at = match.next;
		}
	}
}

static void on_hit(struct worker *worker, YR_SCAN_CONTEXT *context, const YR_RULE *rule)
{
	struct hit hit = {.rule = cut(rule->identifier, HIT_NAME_MAX),
		.ruleset = cut(rule->ns->name, HIT_NAME_MAX)};
	size_t len = worker->hits.len;

	if (worker->result.n_hits < RESULT_HITS_MAX) {
		take_tags(&hit, rule);
		take_metas(&hit, rule);
		take_strings(&hit, context, rule);
		hit_put(&worker->hits, &hit);
		if (!worker->hits.overflow) {
			worker->result.n_hits++;
			return;
		}
		strbuf_cut(&worker->hits, len);
		worker->hits.overflow = false;
	}
	worker->result.n_unlisted++;
}

static int on_scan(YR_SCAN_CONTEXT *context, int message, void *data, void *user)
{
	struct worker *worker = user;

	if (message == CALLBACK_MSG_RULE_MATCHING)
		on_hit(worker, context, data);
	else if (message == CALLBACK_MSG_TOO_MANY_MATCHES)
		worker->result.partial = true;
	return CALLBACK_CONTINUE;
}

/* ---- one file ------------------------------------------------------------------- */

static enum result_outcome outcome_of(int error)
{
	switch (error) {
	case ERROR_SUCCESS:
		return RESULT_SCANNED;
	case ERROR_SCAN_TIMEOUT:
		return RESULT_TIMEOUT;
	case ERROR_COULD_NOT_MAP_FILE: /* libyara caught a signal, see scan_large() */
		return RESULT_CHANGED;
	default:
		return RESULT_FAILED;
	}
}

static const char *words_of(int error)
{
	switch (error) {
	case ERROR_TOO_MANY_RE_FIBERS:
		return "a regular expression of the rules is too complex for it";
	case ERROR_INSUFFICIENT_MEMORY:
		return "not enough memory";
	case ERROR_EXEC_STACK_OVERFLOW:
		return "a condition of the rules is too deep";
	default:
		return NULL;
	}
}

static void note_error(struct worker *worker, int error)
{
	static char text[RESULT_WORDS_MAX];
	const char *known = words_of(error);

	worker->result.outcome = outcome_of(error);
	if (worker->result.outcome != RESULT_FAILED)
		return;
	const YR_RULE *rule = yr_scanner_last_error_rule(worker->scanner);
	snprintf(text, sizeof(text), "%s%s%.100s", known ? known : "libyara gave an error",
		rule != NULL ? ", rule " : "", rule != NULL ? rule->identifier : "");
	worker->result.words = slice_str(text);
}

static void note_errno(struct worker *worker)
{
	worker->result.outcome = RESULT_UNREADABLE;
	worker->result.words = slice_str(strerror(errno));
}

static void scan_bytes(
	struct worker *worker, const unsigned char *bytes, size_t len, int trycatch)
{
	yr_scanner_set_flags(worker->scanner, SCAN_FLAGS_REPORT_RULES_MATCHING | trycatch);
	int error = yr_scanner_scan_mem(worker->scanner, bytes, len);

	if (error == ERROR_SUCCESS) {
		worker->result.bytes = len;
		return;
	}
	note_error(worker, error);
	/* After a failure, in the middle of anything, begin with a new one. */
	yr_scanner_destroy(worker->scanner);
	worker->scanner = NULL;
}

static void hash_bytes(struct worker *worker, const unsigned char *bytes, size_t len)
{
	worker->result.hashed =
		EVP_Digest(bytes, len, worker->result.sha256, NULL, worker->sha256, NULL) == 1;
}

/* Read again, not through the mapping: a truncated file must not end the process here. */
static void hash_file(struct worker *worker, int fd, uint64_t size)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint64_t at = 0;
	bool good = ctx != NULL && EVP_DigestInit_ex(ctx, worker->sha256, NULL) == 1;

	while (good && at < size) {
		size_t len = size - at < WORKER_READ_MAX ? (size_t)(size - at)
							 : (size_t)WORKER_READ_MAX;
		ssize_t n = pread(fd, worker->buffer, len, (off_t)at);

		good = n > 0 && EVP_DigestUpdate(ctx, worker->buffer, (size_t)n) == 1;
		at += n > 0 ? (uint64_t)n : 0;
	}
	worker->result.hashed =
		good && EVP_DigestFinal_ex(ctx, worker->result.sha256, NULL) == 1;
	EVP_MD_CTX_free(ctx);
}

/* Its value is copied. All five are declared to the compiler: this fails for want of memory. */
static void define(struct worker *worker, enum external external, const char *value)
{
	(void)yr_scanner_define_string_variable(
		worker->scanner, external_names[external], value);
}

/* A private copy: what is scanned and what is hashed are the same bytes. */
static void scan_small(struct worker *worker, int fd)
{
	size_t len = 0;

	while (len < WORKER_READ_MAX) {
		ssize_t n = pread(fd, worker->buffer + len, WORKER_READ_MAX - len, (off_t)len);

		if (n < 0) {
			note_errno(worker);
			return;
		}
		if (n == 0)
			break;
		len += (size_t)n;
	}
	define(worker, EXTERNAL_FILETYPE,
		file_type(
			slice_of(worker->buffer, len < FILE_TYPE_HEAD ? len : FILE_TYPE_HEAD)));
	/* In memory nothing can be truncated: a signal is a crash, and shall be one. */
	scan_bytes(worker, worker->buffer, len, SCAN_FLAGS_NO_TRYCATCH);
	if (worker->result.n_hits > 0)
		hash_bytes(worker, worker->buffer, len);
}

static bool has_shrunk(int fd, uint64_t size)
{
	struct stat st;

	return fstat(fd, &st) != 0 || (uint64_t)st.st_size < size;
}

static void scan_large(struct worker *worker, int fd, uint64_t size)
{
	void *bytes = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);

	if (bytes == MAP_FAILED) {
		note_errno(worker);
		return;
	}
	(void)madvise(bytes, (size_t)size, MADV_SEQUENTIAL);
	ssize_t n = pread(fd, worker->buffer, FILE_TYPE_HEAD, 0);
	define(worker, EXTERNAL_FILETYPE,
		file_type(slice_of(worker->buffer, n > 0 ? (size_t)n : 0)));
	scan_bytes(worker, bytes, (size_t)size, 0);
	munmap(bytes, (size_t)size);
	/* libyara takes every SIGBUS and SIGSEGV for a truncated file. When it is none, its
	 * memory is no longer to be trusted. */
	if (worker->result.outcome == RESULT_CHANGED && !has_shrunk(fd, size))
		abort();
	if (worker->result.n_hits > 0)
		hash_file(worker, fd, size);
}

static void scan_fd(struct worker *worker, int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		note_errno(worker);
	else if (st.st_size < WORKER_READ_MAX)
		scan_small(worker, fd);
	else
		scan_large(worker, fd, (uint64_t)st.st_size);
}

static bool make_scanner(struct worker *worker)
{
	if (worker->scanner != NULL)
		return true;
	if (yr_scanner_create(worker->rules, &worker->scanner) != ERROR_SUCCESS) {
		worker->scanner = NULL;
		return false;
	}
	yr_scanner_set_callback(worker->scanner, on_scan, worker);
	yr_scanner_set_timeout(worker->scanner, worker->timeout_s);
	return true;
}

/* Those that the content does not tell. */
static bool define_externals(struct worker *worker, struct varint_reader *reader)
{
	char value[WORKER_EXTERNAL_MAX + 1];

	for (unsigned i = 0; i < EXTERNAL_FILETYPE; i++) {
		struct slice text = body_read_text(reader, WORKER_EXTERNAL_MAX);

		memcpy(value, text.ptr, text.len);
		value[text.len] = '\0';
		define(worker, (enum external)i, value);
	}
	return varint_reader_done(reader);
}

static bool scan_file(struct worker *worker, struct slice body)
{
	struct varint_reader reader = varint_reader(body);
	int fd = channel_take_fd(&worker->channel);

	worker->result = (struct result){.ticket = varint_read(&reader)};
	strbuf_reset(&worker->hits);
	if (fd < 0 || worker->rules == NULL || !make_scanner(worker) ||
		!define_externals(worker, &reader))
		return false;
	scan_fd(worker, fd);
	close(fd);
	worker->result.worker_cpu_us = cpu_us();
	strbuf_reset(&worker->body);
	result_put(&worker->body, &worker->result, strbuf_slice(&worker->hits));
	return send_body(worker, MESSAGE_RESULT);
}

/* ---- rules ------------------------------------------------------------------------ */

static char *copy_text(struct slice text)
{
	char *copy = malloc(text.len + 1);

	if (copy == NULL)
		abort();
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	return copy;
}

static bool take_source(struct worker *worker, struct slice body)
{
	struct varint_reader reader = varint_reader(body);
	struct slice name = body_read_text(&reader, body.len);
	struct slice ruleset = body_read_text(&reader, body.len);
	struct slice text = body_read_text(&reader, body.len);

	if (!varint_reader_done(&reader) || worker->n_sources == WORKER_SOURCES_MAX)
		return false;
	worker->sources =
		realloc(worker->sources, (worker->n_sources + 1) * sizeof(*worker->sources));
	if (worker->sources == NULL)
		abort();
	worker->sources[worker->n_sources++] = (struct compile_source){.name = copy_text(name),
		.ruleset = copy_text(ruleset),
		.text = copy_text(text),
		.len = text.len};
	return true;
}

static bool imports_magic(const struct worker *worker)
{
	for (size_t i = 0; i < worker->n_sources; i++) {
		if (strstr(worker->sources[i].text, "\"magic\"") != NULL)
			return true;
	}
	return false;
}

static int ignore_scan(YR_SCAN_CONTEXT *context, int message, void *data, void *user)
{
	(void)context;
	(void)message;
	(void)data;
	(void)user;
	return CALLBACK_CONTINUE;
}

/* libmagic opens its data base at first use and keeps it: that must be outside the sandbox. */
static void open_magic(void)
{
	YR_COMPILER *compiler;
	YR_RULES *rules;

	if (yr_compiler_create(&compiler) != ERROR_SUCCESS)
		return;
	if (yr_compiler_add_string(compiler,
		    "import \"magic\" rule open { condition: magic.type() == \"\" }",
		    NULL) == 0 &&
		yr_compiler_get_rules(compiler, &rules) == ERROR_SUCCESS) {
		(void)yr_rules_scan_mem(
			rules, (const uint8_t *)"x", 1, 0, ignore_scan, NULL, 10);
		yr_rules_destroy(rules);
	}
	yr_compiler_destroy(compiler);
}

static void tell_compiling(void *user, size_t source)
{
	struct worker *worker = user;

	strbuf_reset(&worker->body);
	body_put_number(&worker->body, source);
	if (!send_body(worker, MESSAGE_COMPILING))
		_exit(EXIT_FAILURE);
}

static uint64_t count_rules(YR_RULES *rules)
{
	const YR_RULE *rule;
	uint64_t n = 0;

	if (rules == NULL)
		return 0;
	yr_rules_foreach(rules, rule)
	{
		n++;
	}
	return n;
}

static bool tell_ready(struct worker *worker, const char *words)
{
	size_t refused = 0;

	for (size_t i = 0; i < worker->n_sources; i++)
		refused += worker->sources[i].refused;
	strbuf_reset(&worker->body);
	body_put_number(&worker->body, count_rules(worker->rules));
	body_put_number(&worker->body, cpu_us());
	body_put_number(&worker->body, worker->sandbox_missing);
	body_put_text(&worker->body, slice_str(words != NULL ? words : ""));
	body_put_number(&worker->body, refused);
	for (size_t i = 0; i < worker->n_sources; i++) {
		if (!worker->sources[i].refused)
			continue;
		body_put_number(&worker->body, i);
		body_put_text(&worker->body, slice_str(worker->sources[i].words));
	}
	return send_body(worker, MESSAGE_READY);
}

static void free_sources(struct worker *worker)
{
	for (size_t i = 0; i < worker->n_sources; i++) {
		free(worker->sources[i].name);
		free(worker->sources[i].ruleset);
		free(worker->sources[i].text);
	}
	free(worker->sources);
	worker->sources = NULL;
	worker->n_sources = 0;
}

static bool compile(struct worker *worker)
{
	const char *words;

	if (imports_magic(worker))
		open_magic();
	worker->sandbox_missing = worker_confine(worker->memory_max);
	/* Changing the user forgets it. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	worker->rules = compile_sources(
		worker->sources, worker->n_sources, tell_compiling, worker, &words);
	bool told = tell_ready(worker, words);
	free_sources(worker);
	return told;
}

/* ---- the loop ----------------------------------------------------------------------- */

static bool take_limits(struct worker *worker, struct slice body)
{
	struct varint_reader reader = varint_reader(body);

	worker->memory_max = varint_read(&reader);
	worker->timeout_s = (int)varint_read_max(&reader, 86400);
	return varint_reader_done(&reader);
}

static bool take_message(struct worker *worker, const struct channel_message *message)
{
	switch (message->type) {
	case MESSAGE_START:
		return take_limits(worker, message->body);
	case MESSAGE_RULES:
		return take_source(worker, message->body);
	case MESSAGE_COMPILE:
		return compile(worker);
	case MESSAGE_FILE:
		return scan_file(worker, message->body);
	default:
		return false;
	}
}

static bool prepare(struct worker *worker)
{
	channel_init(&worker->channel, WORKER_CHANNEL, CHANNEL_TO_WORKER_MAX, true);
	strbuf_init(&worker->body, CHANNEL_FROM_WORKER_MAX);
	strbuf_init(&worker->hits, HITS_SIZE_MAX);
	worker->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	worker->buffer = malloc(WORKER_READ_MAX);
	return worker->sha256 != NULL && worker->buffer != NULL &&
	       yr_initialize() == ERROR_SUCCESS;
}

int worker_main(void)
{
	static struct worker worker;
	struct channel_message message;
	enum channel_status status = CHANNEL_WAIT;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN); /* of a terminal: the scan ends us itself */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (!prepare(&worker))
		return EXIT_FAILURE;
	for (;;) {
		while ((status = channel_next(&worker.channel, &message)) == CHANNEL_OK) {
			if (!take_message(&worker, &message))
				_exit(EXIT_FAILURE);
		}
		do {
			status = channel_fill(&worker.channel);
		} while (status == CHANNEL_WAIT);
		/* No orderly end: nothing of ours outlives the process. */
		if (status != CHANNEL_OK)
			_exit(status == CHANNEL_CLOSED ? EXIT_SUCCESS : EXIT_FAILURE);
	}
}
