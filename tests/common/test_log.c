#include "common/log.h"

#include <fcntl.h>
#include <unistd.h>

#include "common/file.h"
#include "tests/support/check.h"

static char path[] = "/tmp/soc-test-log-XXXXXX";

static void divert_stderr(void)
{
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	dup2(fd, STDERR_FILENO);
	close(fd);
}

static unsigned count(struct slice text, const char *needle)
{
	unsigned n = 0;

	for (;;) {
		size_t at = slice_search(text, slice_str(needle));
		if (at == text.len)
			return n;
		n++;
		text = slice_from(text, at + 1);
	}
}

START_TEST(outside_text_cannot_forge_a_line)
{
	struct log_quote quote;

	ck_assert_str_eq(log_text(&quote, SLICE_LIT("a\n<3>\x1b[2J\"\\\xffỦ")),
		"\"a\\x0a<3>\\x1b[2J\\x22\\x5c\\xffỦ\"");
	char big[LOG_TEXT_MAX + 10];
	memset(big, '\n', sizeof(big));
	ck_assert_uint_eq(
		strlen(log_text(&quote, slice_of(big, sizeof(big)))), 4 * LOG_TEXT_MAX + 3);
}
END_TEST

START_TEST(levels_and_bursts_are_limited)
{
	struct strbuf text = STRBUF_INIT(1 << 20);
	struct err err;
	int saved = dup(STDERR_FILENO);

	divert_stderr();
	log_open("test", LOG_INFO);
	log_debug("test.debug", "x=1");
	for (unsigned i = 0; i < LOG_BURST + 30; i++)
		log_warn("test.storm", "n=%u", i);
	log_info("test.plain", "who=%s", LOG_TEXT(SLICE_LIT("me")));
	dup2(saved, STDERR_FILENO);
	ck_assert_msg(file_read(path, &text, &err), "%s", err.text);
	ck_assert_uint_eq(count(strbuf_slice(&text), "test.debug"), 0);
	ck_assert_uint_eq(count(strbuf_slice(&text), "test.storm"), LOG_BURST);
	ck_assert_uint_eq(count(strbuf_slice(&text), "test.plain who=\"me\""), 1);
	unlink(path);
	strbuf_done(&text);
}
END_TEST

START_TEST(level_names_are_known)
{
	enum log_level level;

	ck_assert(log_level_from(SLICE_LIT("debug"), &level) && level == LOG_DEBUG);
	ck_assert(!log_level_from(SLICE_LIT("loud"), &level));
}
END_TEST

TEST_MAIN("log", outside_text_cannot_forge_a_line, levels_and_bursts_are_limited,
	level_names_are_known)
