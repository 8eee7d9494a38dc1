/* make_messages DIR - signed messages for tests that look at them with tools of others
 *
 *	ca.pem other.pem            the signer's authority, and one that is not
 *	report.xml extended.xml     malware reports in both shapes
 *	statistics.json .jws        a window of an agency, its signature
 *	manifest.json               the window's manifest
 */
#include <stdio.h>
#include <stdlib.h>

#include "collector/national/jws.h"
#include "collector/national/types/types.h"
#include "common/file.h"
#include "tests/collector/national/counted.h"
#include "tests/collector/national/fixture.h"
#include "tests/support/check.h"

enum { TEXT_MAX = 4 << 20, FINDINGS = 25 };

#define START "1795309200" /* 2026-11-22T01:00:00Z */

struct scene {
	const char *dir;
	struct counted counted;
	struct fixture fixture;
};

static void write_file(const struct scene *scene, const char *name, struct slice content)
{
	char path[512];
	struct err err;

	snprintf(path, sizeof(path), "%s/%s", scene->dir, name);
	ck_assert_msg(file_replace(path, content, 0644, &err), "%s", err.text);
}

static void copy_file(const struct scene *scene, const char *from, const char *name)
{
	struct strbuf text = STRBUF_INIT(TEXT_MAX);
	struct err err;

	ck_assert(file_read(from, &text, &err));
	write_file(scene, name, strbuf_slice(&text));
	strbuf_done(&text);
}

static void count_things(struct counted *counted)
{
	char sql[512];

	counted_run(counted, "INSERT INTO windows VALUES(0, " START ", " START " + 300, 1, 0)");
	counted_run(counted, "INSERT INTO counts VALUES(" START ", 1, 3, 5, 2, 0, 12, 1)");
	counted_run(counted, "INSERT INTO found VALUES(" START ", 1, 'EICAR', 'T', 7, 'a', 3)");
	for (unsigned i = 0; i < FINDINGS; i++) {
		snprintf(sql, sizeof(sql),
			"INSERT INTO hits(day, identity, agency, origin, host, shared, at,"
			" name, type, behavior, path, hash, host_name, host_ip, host_public)"
			" VALUES(0, randomblob(16), 1, 1, %u, 1, 1795309200000000000,"
			" 'Mã <độc> & \"%u\"', 'Test', 'None', '/home/an/%u', 'ab%u', 'máy %u',"
			" '10.47.5.%u', '')",
			i % 3, i % 4, i, i, i % 3, i % 3);
		counted_run(counted, sql);
	}
}

static void publish(struct scene *scene, const struct message_type *type)
{
	struct counted *counted = &scene->counted;
	struct err err;

	ck_assert_msg(
		type->publish(&counted->context, &counted->statistics, &counted->outbox, &err),
		"%s", err.text);
}

static void write_message(struct scene *scene, const char *key, const char *name)
{
	struct strbuf body = STRBUF_INIT(TEXT_MAX);

	counted_body(&scene->counted, key, &body);
	write_file(scene, name, strbuf_slice(&body));
	strbuf_done(&body);
}

static void write_statistics(struct scene *scene)
{
	struct strbuf body = STRBUF_INIT(TEXT_MAX), jws = STRBUF_INIT(JWS_SIZE_MAX);
	struct err err;

	publish(scene, &message_statistics);
	counted_body(&scene->counted, "H47/H47.05/statistics/5m/2026-11-22T01:00:00Z", &body);
	ck_assert_msg(jws_sign(scene->fixture.signer, strbuf_slice(&body), FIXTURE_TIMEOUT_MS,
			      &jws, &err),
		"%s", err.text);
	write_file(scene, "statistics.json", strbuf_slice(&body));
	write_file(scene, "statistics.jws", strbuf_slice(&jws));
	write_message(
		scene, "H47/manifest/statistics/5m/2026-11-22T01:00:00Z", "manifest.json");
	strbuf_done(&body);
	strbuf_done(&jws);
}

/* The same body signed with the keys that receivers may ask for instead. */
static void write_other_jws(struct scene *scene)
{
	static const char *const names[][2] = {
		[SIGNER_RS256] = {"statistics-rs256.jws", "ca-rs256.pem"},
		[SIGNER_PS256] = {"statistics-ps256.jws", "ca-ps256.pem"},
	};
	struct strbuf body = STRBUF_INIT(TEXT_MAX), jws = STRBUF_INIT(JWS_SIZE_MAX);
	struct err err;

	counted_body(&scene->counted, "H47/H47.05/statistics/5m/2026-11-22T01:00:00Z", &body);
	for (int algorithm = SIGNER_RS256; algorithm <= SIGNER_PS256; algorithm++) {
		struct fixture fixture;

		fixture_start(&fixture, (enum signer_algorithm)algorithm);
		strbuf_reset(&jws);
		ck_assert_msg(jws_sign(fixture.signer, strbuf_slice(&body), FIXTURE_TIMEOUT_MS,
				      &jws, &err),
			"%s", err.text);
		write_file(scene, names[algorithm][0], strbuf_slice(&jws));
		copy_file(scene, fixture.ca_file, names[algorithm][1]);
		fixture_stop(&fixture);
	}
	strbuf_done(&body);
	strbuf_done(&jws);
}

static void write_report(struct scene *scene, enum malware_shape shape, const char *name)
{
	counted_run(
		&scene->counted, "DELETE FROM meta; DELETE FROM outbox WHERE type = 'malware'");
	scene->counted.profile->malware.shape = (int)shape;
	publish(scene, &message_avreport);
	write_message(scene, "H47/H47.02.12/malware/hits/1", name);
}

static void make(struct scene *scene)
{
	counted_open(&scene->counted, counted_moment("2026-11-22T01:07:30Z"));
	fixture_start(&scene->fixture, SIGNER_ES256);
	scene->counted.context.signer = scene->fixture.signer;
	count_things(&scene->counted);
	copy_file(scene, scene->fixture.ca_file, "ca.pem");
	copy_file(scene, scene->fixture.other_ca_file, "other.pem");
	write_statistics(scene);
	write_other_jws(scene);
	write_report(scene, MALWARE_EDXML, "report.xml");
	write_report(scene, MALWARE_EXTENDED, "extended.xml");
	fixture_stop(&scene->fixture);
	counted_close(&scene->counted);
}

static const char *target;

START_TEST(messages_are_made)
{
	struct scene scene = {.dir = target};

	make(&scene);
}
END_TEST

int main(int argc, char **argv)
{
	const TTest *const tests[] = {messages_are_made};

	if (argc != 2) {
		fputs("usage: make_messages DIR\n", stderr);
		return 2;
	}
	target = argv[1];
	return test_run("make_messages", tests, ARRAY_LEN(tests));
}
