/*
 * avreport_scene - findings in a derive.db of its own, and a signer, to make reports of
 *
 * For the tests of collector/national/types/avreport; nothing fails but by a failed check.
 */
#ifndef TESTS_COLLECTOR_NATIONAL_AVREPORT_SCENE_H
#define TESTS_COLLECTOR_NATIONAL_AVREPORT_SCENE_H

#include "collector/national/types/types.h"
#include "tests/collector/national/counted.h"
#include "tests/collector/national/fixture.h"
#include "tests/support/check.h"

enum { TEXT_MAX = 8 << 20 };

#define HITS "H47/H47.02.12/malware/hits/"

struct scene {
	struct counted counted;
	struct fixture fixture;
};

/* On 22 November 2026, 08:07:30 in Vietnam, with a signer of ES256. */
void scene_open(struct scene *scene);
void scene_close(struct scene *scene);

/* Findings of `n` files on three machines of agency 1. */
void scene_add_hits(struct scene *scene, unsigned n);

void scene_publish(struct scene *scene);

/* The body has to be valid by the schema, and its signature by the scene's authority. */
void scene_check_good(struct scene *scene, struct slice body);

/* The body under `key` in the outbox, which has to be good. */
void scene_body(struct scene *scene, const char *key, struct strbuf *body);

static inline bool has(const struct strbuf *text, const char *words)
{
	return slice_search(strbuf_slice(text), slice_str(words)) < text->len;
}

#endif
