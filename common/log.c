#include "common/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/strbuf.h"
#include "common/utf8.h"

enum { LINE_MAX_BYTES = 4096, NAMES_MAX = 64, BURST_WINDOW_MS = 60 * 1000 };

/* How often one name was written in the running minute. */
struct burst {
	const char *name;
	int64_t since_ms;
	unsigned written;
	unsigned left_out;
};

static struct {
	pthread_mutex_t lock;
	const char *program;
	enum log_level level;
	bool for_person;
	struct burst bursts[NAMES_MAX];
	unsigned n_bursts;
} state = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.level = LOG_INFO,
};

static const struct {
	const char *label;
	int priority; /* RFC 5424 severity */
} levels[] = {
	[LOG_ERROR] = {"ERROR", 3},
	[LOG_WARN] = {"WARN ", 4},
	[LOG_INFO] = {"INFO ", 6},
	[LOG_DEBUG] = {"DEBUG", 7},
};

void log_open(const char *program, enum log_level level)
{
	state.program = program;
	state.level = level;
	state.for_person = getenv("JOURNAL_STREAM") == NULL;
}

static struct burst *find_burst(const char *name)
{
	for (unsigned i = 0; i < state.n_bursts; i++) {
		if (state.bursts[i].name == name || strcmp(state.bursts[i].name, name) == 0)
			return &state.bursts[i];
	}
	if (state.n_bursts == NAMES_MAX)
		return NULL;

	struct burst *burst = &state.bursts[state.n_bursts++];
	*burst = (struct burst){.name = name, .since_ms = clock_mono_ms()};
	return burst;
}

/* False when the line must be left out; *left_out > 0 asks to say how many were. */
static bool admit(const char *name, unsigned *left_out)
{
	struct burst *burst = find_burst(name);
	int64_t now_ms = clock_mono_ms();

	*left_out = 0;
	if (burst == NULL)
		return true;
	if (now_ms - burst->since_ms >= BURST_WINDOW_MS) {
		*left_out = burst->left_out;
		*burst = (struct burst){.name = name, .since_ms = now_ms};
	}
	if (burst->written >= LOG_BURST) {
		burst->left_out++;
		return false;
	}
	burst->written++;
	return true;
}

static void add_head(struct strbuf *line, enum log_level level, const char *name)
{
	char stamp[CLOCK_TEXT_MAX];

	if (state.for_person)
		strbuf_addf(line, "%s %s ", clock_format_utc(clock_wall_ns(), 3, stamp),
			levels[level].label);
	else
		strbuf_addf(line, "<%d>", levels[level].priority);
	if (state.program != NULL && state.for_person)
		strbuf_addf(line, "%s: ", state.program);
	strbuf_add_str(line, name);
}

static void put_line(struct strbuf *line)
{
	strbuf_add_byte(line, '\n');
	for (size_t at = 0; at < line->len;) {
		ssize_t n = write(STDERR_FILENO, line->ptr + at, line->len - at);

		if (n <= 0)
			return; /* nobody listens; there is no better place to complain */
		at += (size_t)n;
	}
}

void log_write(enum log_level level, const char *name, const char *fmt, ...)
{
	char body[LINE_MAX_BYTES];
	va_list args;
	unsigned left_out;

	if (level > state.level)
		return;
	va_start(args, fmt);
	vsnprintf(body, sizeof(body), fmt, args);
	va_end(args);

	struct strbuf line = STRBUF_INIT(2 * LINE_MAX_BYTES);
	pthread_mutex_lock(&state.lock);
	if (admit(name, &left_out)) {
		if (left_out > 0) {
			add_head(&line, level, name);
			strbuf_addf(&line, " left_out=%u", left_out);
			put_line(&line);
			strbuf_reset(&line);
		}
		add_head(&line, level, name);
		strbuf_addf(&line, "%s%s", body[0] ? " " : "", body);
		put_line(&line);
	}
	pthread_mutex_unlock(&state.lock);
	strbuf_done(&line);
}

static size_t put_escaped(char *to, struct slice bytes)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < bytes.len; i++) {
		unsigned char byte = (unsigned char)bytes.ptr[i];
		const char escaped[] = {'\\', 'x', hex[byte >> 4], hex[byte & 15]};

		memcpy(to + i * sizeof(escaped), escaped, sizeof(escaped));
	}
	return 4 * bytes.len;
}

static size_t put_plain(char *to, struct slice bytes)
{
	memcpy(to, bytes.ptr, bytes.len);
	return bytes.len;
}

const char *log_text(struct log_quote *quote, struct slice text)
{
	size_t to = 0, end = text.len < LOG_TEXT_MAX ? text.len : LOG_TEXT_MAX;
	struct slice rest = slice_head(text, end);

	quote->text[to++] = '"';
	while (rest.len > 0) {
		size_t width = utf8_width(rest);
		struct slice one = slice_head(rest, width > 0 ? width : 1);
		bool plain = utf8_shown(rest) && one.ptr[0] != '"' && one.ptr[0] != '\\';

		to += plain ? put_plain(quote->text + to, one)
			    : put_escaped(quote->text + to, one);
		rest = slice_from(rest, one.len);
	}
	quote->text[to++] = '"';
	if (end < text.len)
		quote->text[to++] = '+';
	quote->text[to] = '\0';
	return quote->text;
}
