#include "common/json.h"

#include <math.h>

#include "tests/support/check.h"

START_TEST(commas_fall_in_place)
{
	struct strbuf out = STRBUF_INIT(1000);
	struct json json = json_into(&out);

	json_object(&json);
	json_put_u64(&json, "a", 1);
	json_key(&json, SLICE_LIT("b"));
	json_array(&json);
	json_bool(&json, true);
	json_null(&json);
	json_object(&json);
	json_object_end(&json);
	json_i64(&json, -2);
	json_array_end(&json);
	json_put_str(&json, "c", "d");
	json_put_text(&json, "e", SLICE_NONE);
	json_object_end(&json);
	ck_assert_str_eq(
		strbuf_cstr(&out), "{\"a\":1,\"b\":[true,null,{},-2],\"c\":\"d\",\"e\":null}");
	strbuf_done(&out);
}
END_TEST

START_TEST(any_bytes_become_json_text)
{
	struct strbuf out = STRBUF_INIT(1000);

	json_escape(&out, SLICE_LIT("a\"\\\n\r\t\0\x1b\x7fỦ\xff"));
	ck_assert_str_eq(
		strbuf_cstr(&out), "a\\\"\\\\\\n\\r\\t\\u0000\\u001b\\u007fỦ\xef\xbf\xbd");
	strbuf_done(&out);
}
END_TEST

/* Words of eight bytes are looked at at once: wherever a byte lies in one, it is written as it
 * is alone. */
START_TEST(bytes_are_escaped_alike_wherever_they_stand)
{
	enum { LEN = 19 };

	for (unsigned byte = 0; byte < 0x100; byte++) {
		struct strbuf alone = STRBUF_INIT(16);

		json_escape(&alone, slice_of(&(char){(char)byte}, 1));
		for (size_t at = 0; at < LEN; at++) {
			struct strbuf out = STRBUF_INIT(100), wanted = STRBUF_INIT(100);
			char text[LEN];

			memset(text, 'a', LEN);
			text[at] = (char)byte;
			strbuf_addf(&wanted, "%.*s%s%.*s", (int)at, "aaaaaaaaaaaaaaaaaaa",
				strbuf_cstr(&alone), (int)(LEN - at - 1),
				"aaaaaaaaaaaaaaaaaaa");
			json_escape(&out, slice_of(text, LEN));
			ck_assert_str_eq(strbuf_cstr(&out), strbuf_cstr(&wanted));
			strbuf_done(&out);
			strbuf_done(&wanted);
		}
		strbuf_done(&alone);
	}
}
END_TEST

START_TEST(numbers_that_json_lacks_are_null)
{
	struct strbuf out = STRBUF_INIT(1000);
	struct json json = json_into(&out);

	json_array(&json);
	json_double(&json, NAN);
	json_double(&json, 0.5);
	json_array_end(&json);
	ck_assert_str_eq(strbuf_cstr(&out), "[null,0.5]");
	strbuf_done(&out);
}
END_TEST

START_TEST(ids_are_text_of_sixteen_digits)
{
	struct strbuf out = STRBUF_INIT(1000);
	struct json json = json_into(&out);

	json_object(&json);
	json_put_id(&json, "a", 0xfeedULL);
	json_put_id(&json, "b", UINT64_MAX);
	json_object_end(&json);
	ck_assert_str_eq(
		strbuf_cstr(&out), "{\"a\":\"000000000000feed\",\"b\":\"ffffffffffffffff\"}");
	strbuf_done(&out);
}
END_TEST

START_TEST(moments_nobody_knows_are_null)
{
	struct strbuf out = STRBUF_INIT(1000);
	struct json json = json_into(&out);

	json_object(&json);
	json_put_time(&json, "a", INT64_C(1795305600123456789), 3);
	json_put_time(&json, "b", INT64_C(1795305600123456789), 0);
	json_put_time(&json, "c", 0, 3);
	json_put_time(&json, "d", INT64_MIN, 0);
	json_object_end(&json);
	ck_assert_str_eq(strbuf_cstr(&out),
		"{\"a\":\"2026-11-22T00:00:00.123Z\",\"b\":\"2026-11-22T00:00:00Z\","
		"\"c\":null,\"d\":null}");
	strbuf_done(&out);
}
END_TEST

TEST_MAIN("json", commas_fall_in_place, any_bytes_become_json_text,
	bytes_are_escaped_alike_wherever_they_stand, numbers_that_json_lacks_are_null,
	ids_are_text_of_sixteen_digits, moments_nobody_knows_are_null)
