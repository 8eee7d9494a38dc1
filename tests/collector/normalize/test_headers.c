#include "collector/normalize/headers.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "collector/normalize/parsers.h"
#include "common/file.h"
#include "tests/support/check.h"

static const struct record_source logs = {
	.input = {SLICE_BYTES("file")}, .name = {SLICE_BYTES("u_ex260307.log")}};
static const struct record_source others = {
	.input = {SLICE_BYTES("file")}, .name = {SLICE_BYTES("u_ex260308.log")}};

static struct headers *headers;
static struct arena arena;
static struct header_scope scope;

static void setup(void)
{
	headers = headers_new();
	arena_init(&arena, 1 << 20);
	header_scope_begin(&scope, headers, &arena, 7);
}

static void teardown(void)
{
	headers_free(headers);
	arena_done(&arena);
}

static void next_batch(uint64_t epoch)
{
	header_scope_end(&scope);
	arena_reset(&arena);
	header_scope_begin(&scope, headers, &arena, epoch);
}

static struct record line_of(
	uint32_t host, const struct record_source *source, uint64_t sequence)
{
	return (struct record){
		.agency = 3, .host = host, .source = source, .sequence = sequence};
}

static void tell(const struct record *record, const char *text)
{
	struct source_header header = {&parser_w3c, slice_str(text)};

	header_scope_keep(&scope, record, 0, &header);
}

static void expect(const struct record *record, const char *text)
{
	struct source_header known = header_scope_find(&scope, record, 0);

	if (text == NULL) {
		ck_assert_ptr_null(known.parser);
		return;
	}
	ck_assert_ptr_eq(known.parser, &parser_w3c);
	ck_assert_slice_eq(known.text, slice_str(text));
}

START_TEST(what_was_told_holds_for_lines_behind_it_in_this_batch_and_the_next)
{
	struct record head = line_of(1, &logs, 10), line = line_of(1, &logs, 11);

	setup();
	expect(&line, NULL);
	tell(&head, "a b");
	expect(&line, "a b");
	next_batch(7);
	expect(&line, "a b");
	tell(&line, "c d");
	line.sequence = 12;
	next_batch(7);
	expect(&line, "c d");
	teardown();
}
END_TEST

START_TEST(lines_before_it_that_come_again_are_not_read_by_it)
{
	struct record head = line_of(1, &logs, 10), before = line_of(1, &logs, 9);

	setup();
	tell(&head, "a b");
	expect(&before, NULL);
	next_batch(7);
	expect(&before, NULL);
	next_batch(8); /* another epoch counts anew */
	expect(&before, "a b");
	teardown();
}
END_TEST

START_TEST(other_hosts_and_files_know_nothing_of_it)
{
	struct record head = line_of(1, &logs, 10);
	struct record host = line_of(2, &logs, 11), file = line_of(1, &others, 11);

	setup();
	tell(&head, "a b");
	next_batch(7);
	expect(&host, NULL);
	expect(&file, NULL);
	teardown();
}
END_TEST

START_TEST(files_inside_of_one_source_are_sources_of_their_own)
{
	struct field a = {"/a.log", 6, FIELD_LOG_FILE_PATH, 0};
	struct field b = {"/b.log", 6, FIELD_LOG_FILE_PATH, 0};
	struct source_header header = {&parser_w3c, SLICE_LIT("a b")};
	struct record one = line_of(1, &logs, 0), other = one;

	setup();
	one.fields = &a;
	other.fields = &b;
	one.n_fields = other.n_fields = 1;
	header_scope_enter(&scope, &one, SLICE_NONE);
	header_scope_keep(&scope, &one, 1, &header);
	next_batch(7);
	header_scope_enter(&scope, &one, SLICE_NONE);
	ck_assert_ptr_eq(header_scope_find(&scope, &one, 1).parser, &parser_w3c);
	header_scope_enter(&scope, &other, SLICE_NONE);
	ck_assert_ptr_null(header_scope_find(&scope, &other, 1).parser);
	ck_assert_ptr_null(header_scope_find(&scope, &one, 0).parser);
	teardown();
}
END_TEST

START_TEST(a_file_of_another_host_or_agent_behind_one_sender_is_another)
{
	const struct field path = {"/a.log", 6, FIELD_LOG_FILE_PATH, 0};
	struct field fields[] = {path, {"web1", 4, FIELD_HOST_NAME, 0}};
	struct field strange[] = {path, {"web2", 4, FIELD_HOST_NAME, 0}};
	struct source_header header = {&parser_w3c, SLICE_LIT("a b")};
	struct record one = line_of(1, &logs, 0), other = one;

	setup();
	one.fields = fields;
	other.fields = strange;
	one.n_fields = other.n_fields = ARRAY_LEN(fields);
	header_scope_enter(&scope, &one, SLICE_LIT("4711"));
	header_scope_keep(&scope, &one, 1, &header);
	next_batch(7);
	header_scope_enter(&scope, &other, SLICE_LIT("4711"));
	ck_assert_ptr_null(header_scope_find(&scope, &other, 1).parser);
	header_scope_enter(&scope, &one, SLICE_LIT("4712"));
	ck_assert_ptr_null(header_scope_find(&scope, &one, 1).parser);
	header_scope_enter(&scope, &one, SLICE_LIT("4711"));
	ck_assert_ptr_eq(header_scope_find(&scope, &one, 1).parser, &parser_w3c);
	teardown();
}
END_TEST

START_TEST(one_host_with_many_files_pushes_out_no_other)
{
	struct record mine = line_of(1, &logs, 0), first = line_of(2, &logs, 0);
	struct record_source many = logs;
	struct record flood = line_of(2, &many, 0);
	char name[32];

	setup();
	tell(&mine, "a b");
	tell(&first, "c d");
	for (unsigned i = 0; i < 10 * HEADERS_PER_SET; i++) {
		many.name = slice_of(name, (size_t)snprintf(name, sizeof(name), "%u.log", i));
		next_batch(7);
		tell(&flood, "e f");
	}
	next_batch(7);
	expect(&mine, "a b");
	expect(&first, NULL);
	expect(&flood, "e f");
	teardown();
}
END_TEST

START_TEST(hosts_with_many_files_push_out_none_of_a_host_with_one)
{
	enum { HOSTS = 1500 };
	struct record mine = line_of(1, &logs, 0);
	struct record_source many = logs;
	char name[32];

	setup();
	tell(&mine, "a b");
	for (uint32_t i = 0; i < HOSTS * HEADERS_PER_SET; i++) {
		struct record flood = line_of(2 + i / HEADERS_PER_SET, &many, 0);

		many.name = slice_of(name, (size_t)snprintf(name, sizeof(name), "%u.log", i));
		if (i % HEADERS_PER_SET == 0)
			next_batch(7);
		scope.last = NULL; /* the same source with another name */
		tell(&flood, "e f");
	}
	next_batch(7);
	expect(&mine, "a b");
	teardown();
}
END_TEST

START_TEST(a_header_too_long_is_forgotten)
{
	static char text[HEADER_BYTES_MAX + 2];
	struct record record = line_of(1, &logs, 0);

	setup();
	memset(text, 'x', sizeof(text) - 1);
	tell(&record, "a b");
	next_batch(7);
	tell(&record, text);
	expect(&record, NULL); /* nor in the same batch */
	next_batch(7);
	expect(&record, NULL);
	text[HEADER_BYTES_MAX] = '\0';
	tell(&record, text);
	next_batch(7);
	expect(&record, text);
	teardown();
}
END_TEST

static void restart(const char *path)
{
	struct err err;

	header_scope_end(&scope);
	ck_assert_msg(headers_save(headers, path, &err), "%s", err.text);
	headers_free(headers);
	headers = headers_new();
	headers_load(headers, path);
	header_scope_begin(&scope, headers, &arena, 7);
}

START_TEST(a_restart_forgets_nothing)
{
	char path[] = "/tmp/soc-headers-XXXXXX";
	struct record record = line_of(1, &logs, 10), before = line_of(1, &logs, 9);
	struct record other = line_of(2, &others, 0);
	struct err err;

	setup();
	close(mkstemp(path));
	tell(&record, "a b\nc \xff");
	tell(&other, "");
	restart(path);
	expect(&other, "");
	expect(&before, NULL);
	record.sequence++;
	expect(&record, "a b\nc \xff");
	/* Nothing changed: nothing is written. */
	ck_assert_int_eq(unlink(path), 0);
	ck_assert(headers_save(headers, path, &err));
	ck_assert_int_ne(access(path, F_OK), 0);
	teardown();
}
END_TEST

START_TEST(damaged_lines_of_the_file_are_left_out)
{
	static const char text[] =
		"3 1 5 7 0 w3c YSBi\n"
		"3 1 5 7\n3 1 x 7 0 w3c YSBi\n\n3 1 5 7 0 nobody YSBi\n"
		"3 1 5 7 0 w3c !!\n3 1 0 7 0 w3c YSBi\n99999999999 1 5 7 0 w3c Y";
	char path[] = "/tmp/soc-headers-XXXXXX";
	struct strbuf saved = STRBUF_INIT(1 << 16);
	struct err err;

	setup();
	close(mkstemp(path));
	ck_assert(file_replace(path, slice_str(text), 0600, &err));
	headers_load(headers, path);
	struct record record = line_of(9, &logs, 0);
	tell(&record, "");
	header_scope_end(&scope);
	ck_assert(headers_save(headers, path, &err));
	ck_assert(file_read(path, &saved, &err));
	ck_assert(slice_search(strbuf_slice(&saved), SLICE_LIT("3 1 5 7 0 w3c YSBi\n")) <
		  saved.len);
	size_t n = 0;
	for (size_t i = 0; i < saved.len; i++)
		n += saved.ptr[i] == '\n';
	ck_assert_uint_eq(n, 2);
	strbuf_done(&saved);
	unlink(path);
	teardown();
}
END_TEST

TEST_MAIN("normalize/headers",
	what_was_told_holds_for_lines_behind_it_in_this_batch_and_the_next,
	lines_before_it_that_come_again_are_not_read_by_it,
	other_hosts_and_files_know_nothing_of_it,
	files_inside_of_one_source_are_sources_of_their_own,
	a_file_of_another_host_or_agent_behind_one_sender_is_another,
	one_host_with_many_files_pushes_out_no_other,
	hosts_with_many_files_push_out_none_of_a_host_with_one, a_header_too_long_is_forgotten,
	a_restart_forgets_nothing, damaged_lines_of_the_file_are_left_out)
