#include "agent/inputs/inventory_report.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/utf8.h"

enum { READ_SIZE = 64 << 10 };

/* ---- the object --------------------------------------------------------------- */

void inventory_report_begin(struct inventory_report *report, int root)
{
	*report = (struct inventory_report){
		.root = root, .text = STRBUF_INIT(INVENTORY_TEXT_MAX)};
	report->json = json_into(&report->text);
	json_object(&report->json);
	json_put_str(&report->json, "event.action", "inventory");
}

static void put_names(struct json *json, const char *key, const char *const *names, unsigned n)
{
	if (n == 0)
		return;
	json_key(json, slice_str(key));
	json_array(json);
	for (unsigned i = 0; i < n; i++)
		json_text(json, slice_str(names[i]));
	json_array_end(json);
}

void inventory_report_stable_end(struct inventory_report *report)
{
	report->stable_len = report->text.len;
}

void inventory_report_end(struct inventory_report *report)
{
	put_names(&report->json, "soc.unknown", report->unknown, report->n_unknown);
	put_names(&report->json, "soc.cut", report->cut, report->n_cut);
	json_object_end(&report->json);
	if (report->stable_len == 0)
		report->stable_len = report->text.len;
}

void inventory_report_done(struct inventory_report *report)
{
	strbuf_done(&report->text);
}

static void add_name(const char **names, unsigned *n, const char *key)
{
	for (unsigned i = 0; i < *n; i++)
		if (strcmp(names[i], key) == 0)
			return;
	if (*n < INVENTORY_NAMES_MAX)
		names[(*n)++] = key;
}

void inventory_unknown(struct inventory_report *report, const char *key)
{
	add_name(report->unknown, &report->n_unknown, key);
}

void inventory_was_cut(struct inventory_report *report, const char *key)
{
	add_name(report->cut, &report->n_cut, key);
}

void inventory_text(
	struct inventory_report *report, const char *key, struct slice text, size_t max)
{
	if (text.len == 0) {
		inventory_unknown(report, key);
		return;
	}
	if (text.len > max)
		inventory_was_cut(report, key);
	json_put_text(&report->json, key, utf8_head(text, max));
}

void inventory_number(struct inventory_report *report, const char *key, uint64_t value)
{
	json_put_u64(&report->json, key, value);
}

void inventory_moment(struct json *json, const char *key, int64_t seconds)
{
	char text[CLOCK_TEXT_MAX];
	int64_t at = seconds > 0 && seconds < CLOCK_FOREIGN_MAX / CLOCK_NS_PER_S ? seconds : 0;

	json_put_str(json, key, clock_format_utc(at * CLOCK_NS_PER_S, 0, text));
}

void inventory_member(struct json *json, const char *key, struct slice text, size_t max)
{
	if (text.len > 0)
		json_put_text(json, key, utf8_head(text, max));
}

/* ---- files below the root ------------------------------------------------------ */

static int open_below(int root, const char *path, uint64_t flags)
{
	struct open_how how = {.flags = flags, .resolve = RESOLVE_IN_ROOT};
	long fd = syscall(SYS_openat2, root, path, &how, sizeof(how));

	if (fd < 0 && (errno == ENOSYS || errno == EPERM)) /* before Linux 5.6; seccomp */
		fd = openat(root, path, (int)flags);
	return (int)fd;
}

int inventory_open(int root, const char *path)
{
	struct stat st;
	int fd = open_below(root, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	if (fd < 0 || (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)))
		return fd;
	close(fd);
	return -1;
}

/* Up to the end or the limit; false beyond it, or when reading fails. */
static bool read_all(int fd, struct strbuf *out)
{
	for (;;) {
		size_t room = out->limit - out->len, want = room < READ_SIZE ? room : READ_SIZE;
		char probe;

		if (want == 0)
			return read(fd, &probe, 1) == 0;
		char *to = strbuf_reserve(out, want);
		ssize_t n = to ? read(fd, to, want) : -1;
		if (n <= 0)
			return n == 0;
		strbuf_extend(out, (size_t)n);
	}
}

bool inventory_read(int root, const char *path, struct strbuf *out)
{
	int fd = inventory_open(root, path);

	if (fd < 0)
		return false;
	bool whole = read_all(fd, out);
	close(fd);
	return whole;
}

struct slice inventory_line(int root, const char *path, struct strbuf *out)
{
	struct slice text, line;

	strbuf_reset(out);
	if (!inventory_read(root, path, out))
		return SLICE_NONE;
	text = strbuf_slice(out);
	return slice_cut(&text, '\n', &line) ? slice_trim(line) : SLICE_NONE;
}

bool inventory_changed(int root, const char *path, int64_t *seconds)
{
	struct stat st;
	int fd = inventory_open(root, path);

	if (fd < 0)
		return false;
	bool known = fstat(fd, &st) == 0;
	close(fd);
	if (known)
		*seconds = st.st_mtim.tv_sec;
	return known;
}
