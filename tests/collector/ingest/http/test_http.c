/* Senders that speak HTTP, over real sockets: they hear 200 when it is durable. */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/counter.h"
#include "tests/collector/ingest/sender_bench.h"

enum { ANSWER_MAX = 1 << 24 };

static void put_bytes(int fd, struct slice bytes)
{
	while (bytes.len > 0) {
		ssize_t n = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);

		ck_assert_int_gt(n, 0);
		bytes = slice_from(bytes, (size_t)n);
	}
}

static void put_request(int fd, const char *line, const char *fields, struct slice body)
{
	struct strbuf out = STRBUF_INIT(1 << 27);

	strbuf_addf(&out, "%s HTTP/1.1\r\nHost: h\r\n%sContent-Length: %zu\r\n\r\n", line,
		fields, body.len);
	strbuf_add(&out, body);
	put_bytes(fd, strbuf_slice(&out));
	strbuf_done(&out);
}

struct answer {
	unsigned status;
	char head[4096];
	struct strbuf body;
};

/* The rest of it, of that length. */
static void read_body(int fd, struct answer *answer)
{
	const char *length = strstr(answer->head, "Content-Length: ");

	strbuf_init(&answer->body, ANSWER_MAX);
	ck_assert_ptr_nonnull(length);
	for (size_t left = strtoul(length + 16, NULL, 10); left > 0; left--) {
		char byte;

		ck_assert_int_eq(recv(fd, &byte, 1, 0), 1);
		strbuf_add_byte(&answer->body, byte);
	}
}

static struct answer read_answer(int fd)
{
	struct answer answer = {0};
	size_t len = 0;

	while (len < 4 || memcmp(answer.head + len - 4, "\r\n\r\n", 4) != 0) {
		ck_assert_uint_lt(len, sizeof(answer.head) - 1);
		ck_assert_int_eq(recv(fd, answer.head + len, 1, 0), 1);
		len++;
	}
	ck_assert_int_eq(sscanf(answer.head, "HTTP/1.1 %u ", &answer.status), 1);
	if (answer.status >= 200)
		read_body(fd, &answer);
	return answer;
}

/* Its answer has that status, and that in its body. */
static void await(int fd, unsigned status, const char *part)
{
	struct answer answer = read_answer(fd);

	ck_assert_msg(answer.status == status, "%s%s", answer.head, strbuf_cstr(&answer.body));
	ck_assert_msg(strstr(strbuf_cstr(&answer.body), part) != NULL, "'%s' is not in '%s'",
		part, strbuf_cstr(&answer.body));
	strbuf_done(&answer.body);
}

#define TOKEN "Authorization: Bearer secret\r\n"
#define JSON  "Content-Type: application/json\r\n"

START_TEST(lines_are_stored_before_they_are_answered)
{
	begin();
	int fd = dial(HTTP, "127.0.0.1");

	put_request(fd, "POST /", "", SLICE_LIT("one\ntwo\r\n\nthree"));
	await(fd, 200, "\"stored\":3");
	ck_assert_uint_eq(position_of(AGENCY, 1).records, 3);
	put_request(fd, "PUT /ingest/", "Content-Type: application/json\r\n",
		SLICE_LIT(" [{\"a\":1},\n{\"a\":2}]"));
	await(fd, 200, "\"stored\":2");
	put_request(fd, "POST /ingest", "", SLICE_LIT(""));
	await(fd, 200, "\"stored\":0");
	ck_assert_uint_eq(check_stored(AGENCY, 1, "http"), 5);
	close(fd);
	end();
}
END_TEST

START_TEST(nothing_is_answered_before_it_is_durable)
{
	begin();
	int fd = dial(HTTP, "127.0.0.1");
	char byte;

	holding = true;
	put_request(fd, "POST /", "", SLICE_LIT("one\n"));
	put_request(fd, "POST /", "", SLICE_LIT("two\nthree\n")); /* in order */
	while (!something_is_held())
		usleep(1000);
	ck_assert_int_eq(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
	release();
	await(fd, 200, "\"stored\":1");
	await(fd, 200, "\"stored\":2");
	ck_assert_uint_eq(position_of(AGENCY, 1).records, 3);
	close(fd);
	end();
}
END_TEST

START_TEST(who_it_is_says_the_token_of_each_request)
{
	begin();
	int fd = dial(HTTP, "127.0.0.9"); /* no sender's, but the token's */

	put_request(fd, "POST /", TOKEN, SLICE_LIT("one\n"));
	await(fd, 200, "\"stored\":1");
	put_request(fd, "POST /", "Authorization: Basic dTpzZWNyZXQ=\r\n", SLICE_LIT("two\n"));
	await(fd, 200, "\"stored\":1");
	ck_assert_uint_eq(position_of(TOKEN_AGENCY, 4).records, 2);
	put_request(fd, "POST /", "Authorization: Bearer other\r\n", SLICE_LIT("three\n"));
	await(fd, 401, "security_exception");
	ck_assert(is_closed(fd));
	close(fd);

	fd = dial(HTTP, "127.0.0.9");
	put_request(fd, "POST /", "", SLICE_LIT("four\n"));
	await(fd, 401, "no token");
	close(fd);
	fd = dial(HTTP, "127.0.0.1"); /* by its address, but who shows a token is known by it */
	put_request(fd, "POST /", "", SLICE_LIT("five\n"));
	await(fd, 200, "\"stored\":1");
	put_request(fd, "POST /", TOKEN, SLICE_LIT("six\n"));
	await(fd, 200, "\"stored\":1");
	close(fd);
	fd = dial(HTTP, "127.0.1.1"); /* of the first one's addresses */
	put_request(fd, "POST /", "Authorization: Bearer wrong\r\n", SLICE_LIT("seven\n"));
	await(fd, 401, "nobody's");
	close(fd);
	ck_assert_uint_eq(position_of(AGENCY, 1).records, 1);
	ck_assert_uint_eq(position_of(TOKEN_AGENCY, 4).records, 3);
	end();
}
END_TEST

START_TEST(a_line_beyond_the_limit_is_told_and_the_others_are_stored)
{
	struct strbuf body = STRBUF_INIT(1 << 16);

	begin();
	int fd = dial(HTTP, "127.0.0.1");
	strbuf_add_str(&body, "one\n");
	for (unsigned i = 0; i < 4097; i++)
		strbuf_add_byte(&body, 'x');
	strbuf_add_str(&body, "\nthree\n");
	put_request(fd, "POST /", "", strbuf_slice(&body));
	await(fd, 413, "\"stored\":2,\"too_long\":1,\"first_too_long\":2");
	put_request(fd, "POST /", "", SLICE_LIT("four\n"));
	await(fd, 200, "\"stored\":1");
	ck_assert_uint_eq(position_of(AGENCY, 1).records, 3);
	close(fd);
	strbuf_done(&body);
	end();
}
END_TEST

static void check_refused(const char *line, const char *fields, unsigned status)
{
	int fd = dial(HTTP, "127.0.0.1");

	put_request(fd, line, fields, SLICE_LIT("x\n"));
	await(fd, status, "\"error\":{\"type\":");
	put_request(fd, "POST /", "", SLICE_LIT("y\n")); /* it goes on */
	await(fd, 200, "\"stored\":1");
	close(fd);
}

START_TEST(what_is_not_served_is_answered_and_the_connection_goes_on)
{
	begin();
	check_refused("POST /nothing", "", 404);
	check_refused("POST /ingest/more", "", 404);
	check_refused("POST /Ingest", "", 404);
	check_refused("DELETE /ingest", "", 405);
	check_refused("PATCH /", "", 405);
	check_refused("POST /", "Content-Encoding: br\r\n", 415);
	check_refused("POST /", "Content-Type: Application/MsgPack\r\n", 415);
	check_refused("PUT /i/_doc/1", "Content-Type: application/x-protobuf\r\n", 415);
	ck_assert_uint_eq(position_of(AGENCY, 1).records, 8);
	end();
}
END_TEST

static void check_broken(const char *bytes, unsigned status)
{
	int fd = dial(HTTP, "127.0.0.1");

	put(fd, bytes);
	await(fd, status, "\"error\":{\"type\":");
	ck_assert(is_closed(fd));
	close(fd);
}

START_TEST(what_makes_no_sense_is_answered_and_ends_the_connection)
{
	begin();
	check_broken("hello\r\n\r\n", 400);
	check_broken("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: "
		     "chunked\r\n\r\n",
		400);
	check_broken("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", 501);
	check_broken(
		"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 400);
	check_broken("POST / HTTP/1.0\r\n\r\n", 411);
	check_broken("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Encoding: "
		     "br\r\nContent-Length: 10\r\n\r\n",
		415);
	end();
}
END_TEST

START_TEST(who_waits_to_go_on_is_told_to)
{
	begin();
	int fd = dial(HTTP, "127.0.0.1");

	put(fd, "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: "
		"4\r\n\r\n");
	ck_assert_uint_eq(read_answer(fd).status, 100);
	put(fd, "one\n");
	await(fd, 200, "\"stored\":1");
	close(fd);
	end();
}
END_TEST

/* Many times the queue, in one request. */
START_TEST(a_full_queue_stops_the_reading_in_the_middle_of_a_body)
{
	enum { LINES = 300000 };
	struct strbuf body = STRBUF_INIT(1 << 26);

	begin();
	int fd = dial(HTTP, "127.0.0.1");
	for (unsigned i = 0; i < LINES; i++)
		strbuf_add_str(&body, "{\"message\":\"hello\"}\n");
	holding = true;
	pthread_t thread = release_soon();
	put_request(fd, "POST /", "", strbuf_slice(&body));
	await(fd, 200, "\"stored\":300000");
	pthread_join(thread, NULL);
	ck_assert_uint_eq(position_of(AGENCY, 1).records, LINES);
	close(fd);
	strbuf_done(&body);
	end();
}
END_TEST

/* Its queue is full of another connection's lines. */
START_TEST(without_room_it_is_told_to_come_again)
{
	enum { LINES = 40000 };
	struct strbuf body = STRBUF_INIT(1 << 26);

	begin();
	int fd[2] = {dial(HTTP, "127.0.0.1")}, of_other_worker = dial(HTTP, "127.0.0.1");
	fd[1] = dial(HTTP, "127.0.0.1"); /* of the first one's: its turn again */
	for (unsigned i = 0; i < LINES; i++)
		strbuf_add_str(&body, "{\"message\":\"hello\"}\n");
	holding = true;
	put_request(fd[0], "POST /", "", strbuf_slice(&body));
	while (!something_is_held())
		usleep(1000);
	unsigned status = 200;
	while (status == 200) {
		struct answer answer;

		put_request(fd[1], "POST /", "", SLICE_LIT(""));
		answer = read_answer(fd[1]);
		status = answer.status;
		if (status == 429)
			ck_assert_ptr_nonnull(strstr(answer.head, "Retry-After: "));
		strbuf_done(&answer.body);
	}
	ck_assert_uint_eq(status, 429);
	release();
	await(fd[0], 200, "\"stored\":40000");
	put_request(fd[1], "POST /", "", SLICE_LIT("x\n"));
	await(fd[1], 200, "\"stored\":1");
	close(fd[0]);
	close(fd[1]);
	close(of_other_worker);
	strbuf_done(&body);
	end();
}
END_TEST

START_TEST(what_the_store_refuses_is_tried_again_and_then_answered)
{
	begin();
	int fd = dial(HTTP, "127.0.0.1");

	to_refuse = 2;
	put_request(fd, "POST /", "", SLICE_LIT("one\n"));
	await(fd, 200, "\"stored\":1");
	close(fd);
	fd = dial(HTTP, "127.0.0.3"); /* an agency that no register has */
	put_request(fd, "POST /", "", SLICE_LIT("two\n"));
	await(fd, 503, "send it again");
	close(fd);
	end();
}
END_TEST

#define INDEX "{\"index\":{\"_index\":\"a\"}}\n"

START_TEST(a_bulk_is_answered_item_by_item)
{
	begin();
	int fd = dial(HTTP, "127.0.0.1");

	put_request(fd, "POST /_bulk", "", SLICE_LIT(INDEX "{\"n\":1}\n" INDEX "{\"n\":2}\n"));
	await(fd, 200,
		"\"errors\":false,\"items\":["
		"{\"index\":{\"_index\":\"a\",\"result\":\"created\",\"status\":201}},"
		"{\"index\":{\"_index\":\"a\",\"result\":\"created\",\"status\":201}}]}");
	put_request(fd, "PUT /p/_bulk/?filter_path=errors,items.*.error,items.*.status", "",
		SLICE_LIT("{\"create\":{}}\n{\"n\":3}\n{\"delete\":{\"_id\":\"1\"}}\n"));
	await(fd, 200,
		"{\"errors\":true,\"items\":[{\"create\":{\"status\":201}},"
		"{\"delete\":{\"status\":400,\"error\":{\"type\":");
	put_request(fd, "POST /_bulk?filter_path=errors,items.*.error", "",
		SLICE_LIT(INDEX "{\"n\":4}\n"));
	await(fd, 200, "{\"errors\":false}");
	put_request(fd, "POST /_bulk?filter_path=items.*.error.type", "",
		SLICE_LIT("{\"delete\":{}}\n"));
	await(fd, 200,
		"{\"items\":[{\"delete\":{\"error\":{"
		"\"type\":\"illegal_argument_exception\"}}}]}");
	put_request(fd, "POST /_bulk", "", SLICE_LIT("hello\n"));
	await(fd, 400, "Malformed action");
	put_request(fd, "POST /_bulk", "", SLICE_LIT("\n"));
	await(fd, 400, "body is required");
	put_request(fd, "POST /_bulk", "", SLICE_LIT(INDEX));
	await(fd, 400, "no document");
	ck_assert_uint_eq(check_stored(AGENCY, 1, "http"), 4);
	close(fd);
	end();
}
END_TEST

static size_t count_text(const char *text, const char *part)
{
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, part)) != NULL; at++)
		n++;
	return n;
}

/* Longer than what is said at once, and than what may wait. */
START_TEST(the_answer_to_a_large_bulk_is_said_as_it_is_taken)
{
	enum { DOCUMENTS = 20000 };
	struct strbuf body = STRBUF_INIT(1 << 26);

	begin();
	int fd = dial(HTTP, "127.0.0.1");
	for (unsigned i = 0; i < DOCUMENTS; i++)
		strbuf_addf(&body, "{\"create\":{\"_index\":\"%s\"}}\n{\"n\":1}\n",
			i % 3 == 0 ? "a" : "b");
	put_request(
		fd, "POST /_bulk?filter_path=errors,items.*.status", "", strbuf_slice(&body));
	struct answer answer = read_answer(fd);
	ck_assert_uint_eq(answer.status, 200);
	ck_assert_uint_eq(
		count_text(strbuf_cstr(&answer.body), "{\"create\":{\"status\":201}}"),
		DOCUMENTS);
	ck_assert(slice_ends(strbuf_slice(&answer.body), SLICE_LIT("}}]}")));
	strbuf_done(&answer.body);
	put_request(fd, "POST /", "", SLICE_LIT("x\n"));
	await(fd, 200, "\"stored\":1");
	ck_assert_uint_eq(position_of(AGENCY, 1).records, DOCUMENTS + 1);
	close(fd);
	strbuf_done(&body);
	end();
}
END_TEST

START_TEST(clients_of_elasticsearch_find_what_they_look_for)
{
	begin();
	int fd = dial(HTTP, "127.0.0.1");

	put(fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
	struct answer answer = read_answer(fd);
	ck_assert_ptr_nonnull(strstr(answer.head, "X-Elastic-Product: Elasticsearch\r\n"));
	ck_assert_ptr_nonnull(strstr(strbuf_cstr(&answer.body), "\"number\":\"8."));
	strbuf_done(&answer.body);
	put(fd, "GET /_license?human=false HTTP/1.1\r\nHost: h\r\n\r\n");
	await(fd, 200, "\"status\":\"active\"");
	put(fd, "GET /_cat/health HTTP/1.1\r\nHost: h\r\n\r\n");
	await(fd, 200, "green");
	put_request(fd, "PUT /_template/x", "", SLICE_LIT("{}"));
	await(fd, 200, "\"acknowledged\":true");
	put(fd, "GET /a/_search HTTP/1.1\r\nHost: h\r\n\r\n");
	await(fd, 404, "\"status\":404");
	put(fd, "HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
	char text[4096] = "";
	ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_WAITALL);
	ck_assert_int_gt(n, 4);
	ck_assert_mem_eq(text, "HTTP/1.1 200 ", 13);
	ck_assert_str_eq(text + n - 4, "\r\n\r\n"); /* and no body */
	close(fd);
	end();
}
END_TEST

START_TEST(documents_come_alone_and_objects_on_many_lines)
{
	begin();
	int fd = dial(HTTP, "127.0.0.1");

	put_request(fd, "POST /logs/_doc", "", SLICE_LIT("{\"n\":[\n{\"m\":1}\n]}\n"));
	await(fd, 201,
		"{\"_index\":\"logs\",\"_id\":\"\",\"_version\":1,\"result\":\"created\","
		"\"_shards\":{\"total\":1,\"successful\":1,\"failed\":0},\"_seq_no\":0,"
		"\"_primary_term\":1}");
	put_request(fd, "PUT /logs/_create/7\"?refresh=false", JSON, SLICE_LIT("{}"));
	await(fd, 201, "\"_index\":\"logs\",\"_id\":\"7\\\"\",");
	put_request(fd, "POST /logs/_doc", JSON, SLICE_LIT(" "));
	await(fd, 400, "there is no document");
	put_request(fd, "POST /ingest", "Content-Type: Application/JSON\r\n",
		SLICE_LIT("{\"n\":1}{\"n\":2}\n{\n\"n\":3}"));
	await(fd, 200, "\"stored\":3");
	ck_assert_uint_eq(check_stored(AGENCY, 1, "http"), 5);
	close(fd);
	end();
}
END_TEST

START_TEST(who_is_slow_or_silent_is_ended)
{
	begin();
	int silent = dial(HTTP, "127.0.0.9"), slow = dial(HTTP, "127.0.0.1"),
	    idle = dial(HTTP, "127.0.0.1"), half = dial(HTTP, "127.0.0.1"),
	    head = dial(HTTP, "127.0.0.1");

	put_request(idle, "POST /", "", SLICE_LIT("one\n"));
	await(idle, 200, "\"stored\":1");
	put(slow, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
	put(half, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc\nd");
	put(head, "POST / HTTP/1.1\r\nHost");
	ck_assert(is_closed(silent));
	await(slow, 503, "\"stored\":0");
	ck_assert(is_closed(slow));
	struct answer answer = read_answer(half);
	ck_assert_uint_eq(answer.status, 503); /* after a 4xx some send nothing again */
	ck_assert_ptr_nonnull(strstr(answer.head, "Retry-After: "));
	ck_assert_ptr_nonnull(strstr(strbuf_cstr(&answer.body), "\"stored\":1"));
	strbuf_done(&answer.body);
	ck_assert(is_closed(half));
	ck_assert(is_closed(head)); /* nobody knows yet who it is */
	put_request(idle, "POST /", "", SLICE_LIT("two\n"));
	await(idle, 200, "\"stored\":1");
	close(silent);
	close(slow);
	close(half);
	close(head);
	close(idle);
	end();
}
END_TEST

START_TEST(a_stop_answers_what_was_read)
{
	begin();
	int fd = dial(HTTP, "127.0.0.1");

	holding = true;
	put_request(fd, "POST /", "", SLICE_LIT("one\n"));
	while (!something_is_held())
		usleep(1000);
	pthread_t thread = release_soon();
	stop();
	pthread_join(thread, NULL);
	await(fd, 200, "\"stored\":1");
	ck_assert(is_closed(fd));
	close(fd);
	end();
}
END_TEST

static void see_dropped(void *user, const struct counter *counter)
{
	if (strcmp(counter->name, "ingest.sender_handshakes_dropped") == 0)
		*(uint64_t *)user = counter_value(counter);
}

static uint64_t count_dropped(void)
{
	uint64_t n = 0;

	counter_walk(see_dropped, &n);
	return n;
}

static void await_dropped(uint64_t n)
{
	const int64_t until_ms = clock_mono_ms() + PATIENCE_MS;

	while (count_dropped() < n && clock_mono_ms() < until_ms)
		usleep(2000);
	ck_assert_uint_ge(count_dropped(), n);
}

/* They have half of the places at most, as in a TLS handshake. */
START_TEST(who_connects_and_says_nothing_takes_no_place_of_others)
{
	enum { PLACES = 20, SILENT = PLACES / 2 + 1 };
	const uint64_t before = count_dropped();
	int fds[PLACES];

	begin();
	for (int i = 0; i < PLACES; i++) {
		fds[i] = dial(HTTP, "127.0.0.9");
		if (i % 2 == 0)
			put(fds[i], "POST / HTT");
		if (i < SILENT)
			continue;
		await_dropped(before + (uint64_t)(i - SILENT) + 1);
		ck_assert(is_closed(fds[i - SILENT])); /* and its place is free */
	}
	int fd = dial(HTTP, "127.0.0.1");
	put_request(fd, "POST /", "", SLICE_LIT("one\n"));
	await(fd, 200, "\"stored\":1");
	for (int i = 0; i < PLACES; i++)
		close(fds[i]);
	close(fd);
	end();
}
END_TEST

TEST_MAIN("http", lines_are_stored_before_they_are_answered,
	nothing_is_answered_before_it_is_durable, who_it_is_says_the_token_of_each_request,
	a_line_beyond_the_limit_is_told_and_the_others_are_stored,
	what_is_not_served_is_answered_and_the_connection_goes_on,
	what_makes_no_sense_is_answered_and_ends_the_connection, who_waits_to_go_on_is_told_to,
	a_full_queue_stops_the_reading_in_the_middle_of_a_body,
	without_room_it_is_told_to_come_again,
	what_the_store_refuses_is_tried_again_and_then_answered,
	a_bulk_is_answered_item_by_item, the_answer_to_a_large_bulk_is_said_as_it_is_taken,
	clients_of_elasticsearch_find_what_they_look_for,
	documents_come_alone_and_objects_on_many_lines, who_is_slow_or_silent_is_ended,
	who_connects_and_says_nothing_takes_no_place_of_others, a_stop_answers_what_was_read)
