#include "tests/collector/national/avreport_scene.h"

#include <stdio.h>

#include "common/clock.h"

void scene_open(struct scene *scene)
{
	counted_open(&scene->counted, counted_moment("2026-11-22T01:07:30Z"));
	fixture_start(&scene->fixture, SIGNER_ES256);
	scene->counted.context.signer = scene->fixture.signer;
	counted_set_now(&scene->counted, scene->counted.context.now_ns, 4711);
}

void scene_close(struct scene *scene)
{
	fixture_stop(&scene->fixture);
	counted_close(&scene->counted);
}

void scene_add_hits(struct scene *scene, unsigned n)
{
	char sql[512];

	counted_run(&scene->counted, "BEGIN");
	for (unsigned i = 0; i < n; i++) {
		snprintf(sql, sizeof(sql),
			"INSERT INTO hits(day, identity, agency, origin, host, shared, at, "
			"name,"
			" type, behavior, path, hash, host_name, host_ip, host_public)"
			" VALUES(1795305600, randomblob(16), 1, 1, %u, 0, 1795309200000000000,"
			" 'EICAR_Test', 'Test', 'None', '/home/nguyenvana/%u.com', 'ab%u', '', "
			"'',"
			" '')",
			i % 3, i, i);
		counted_run(&scene->counted, sql);
	}
	counted_run(&scene->counted, "COMMIT");
	counted_run(&scene->counted,
		"INSERT OR REPLACE INTO machines VALUES"
		"(1, 0, 1795309200, 'web0', '10.47.5.0', '', 0),"
		"(1, 1, 1795309200, 'web1', '10.47.5.1', '203.0.113.1', 1790000000),"
		"(1, 2, 1795309200, 'web2', '10.47.5.2', '', 1795300000)");
}

void scene_publish(struct scene *scene)
{
	struct err err;

	ck_assert_msg(message_avreport.publish(&scene->counted.context,
			      &scene->counted.statistics, &scene->counted.outbox, &err),
		"%s", err.text);
}

void scene_check_good(struct scene *scene, struct slice body)
{
	struct strbuf report = STRBUF_INIT(TEXT_MAX);

	ck_assert_msg(
		message_avreport.check(scene->counted.profile, "report.xml", body, &report),
		"%s%.*s", strbuf_cstr(&report), SLICE_FMT(body));
	strbuf_reset(&report);
	ck_assert_msg(message_avreport.verify(scene->counted.profile, body, SLICE_NONE,
			      scene->fixture.ca_file, &report),
		"%s", strbuf_cstr(&report));
	strbuf_done(&report);
}

void scene_body(struct scene *scene, const char *key, struct strbuf *body)
{
	strbuf_reset(body);
	counted_body(&scene->counted, key, body);
	scene_check_good(scene, strbuf_slice(body));
}
