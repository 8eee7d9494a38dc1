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

START_TEST(text_cannot_move_a_terminal)
{
	/* CSI of the C1 range, an override of the direction, a line separator. */
	static const char *const bad[] = {
		"\xc2\x9b", "\xe2\x80\xae", "\xe2\x80\xa8", "\xd8\x9c", "\xe2\x81\xa6"};
	struct log_quote quote;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		ck_assert_ptr_null(strstr(log_text(&quote, slice_str(bad[i])), bad[i]));
		ck_assert_uint_eq(strlen(quote.text), 2 + 4 * strlen(bad[i]));
	}
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

TEST_MAIN("log", outside_text_cannot_forge_a_line, text_cannot_move_a_terminal,
	levels_and_bursts_are_limited)
