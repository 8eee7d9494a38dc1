/* Once every kind of record has been enriched, it is again without a call of malloc() and its
 * kin. */
#include <stdio.h>

#include "collector/enrich/enrich.h"
#include "tests/support/check.h"
#include "tests/support/counted_malloc.h"
#include "tests/support/folder.h"

enum { RECORDS = 100 };

static struct enricher *load(struct folder *folder)
{
	struct strbuf words = STRBUF_INIT(1 << 16);
	char settings[1024];

	folder_replace(
		folder, "plan.yaml", "networks: [{prefixes: [10.47.0.0/16], zone: lan}]");
	folder_replace(folder, "vn.txt", "1.52.0.0/14\n");
	snprintf(settings, sizeof(settings),
		"network-plan: plan.yaml\nvietnam-ranges: [vn.txt]\npublic-suffixes: \"\"\n"
		"geo-databases: [%s, %s]\n",
		getenv("SOC_TEST_CITY"), getenv("SOC_TEST_ASN"));
	folder_replace(folder, "enrich.yaml", settings);
	struct enricher *enricher =
		enricher_load(folder_path(folder, "enrich.yaml"), NULL, &words, &words);
	ck_assert_msg(enricher != NULL, "%s", strbuf_cstr(&words));
	strbuf_done(&words);
	return enricher;
}

static void put(struct batch *batch, struct record *record, enum field_id id, const char *text)
{
	struct slice copy = arena_copy(&batch->arena, slice_str(text));

	ck_assert(record_add(record, &batch->arena, id, copy));
}

/* Other addresses, user agents and names each round. */
static void fill(struct batch *batch, unsigned round)
{
	batch_reset(batch);
	batch->records = arena_alloc(&batch->arena, RECORDS * sizeof(*batch->records));
	batch->n_records = RECORDS;
	for (unsigned i = 0; i < RECORDS; i++) {
		struct record *record = &batch->records[i];
		char text[128];

		*record = (struct record){.raw = SLICE_LIT(""), .kind = RECORD_LOG};
		snprintf(text, sizeof(text), "%u.52.%u.%u", i % 9 + 1, round & 255, i);
		put(batch, record, FIELD_SOURCE_IP, text);
		snprintf(text, sizeof(text), "10.47.%u.%u", round & 255, i);
		put(batch, record, FIELD_DESTINATION_IP, text);
		put(batch, record, FIELD_CLIENT_IP, "2606:4700::1");
		snprintf(text, sizeof(text), "Mozilla/5.0 (Mac OS X 10_15_%u) Chrome/%u.%u", i,
			round, i);
		put(batch, record, FIELD_USER_AGENT_ORIGINAL, text);
		snprintf(text, sizeof(text), "WWW%u.x%u.gov.VN", i, round);
		put(batch, record, FIELD_URL_DOMAIN, text);
		put(batch, record, FIELD_DNS_QUESTION_NAME, text);
	}
}

START_TEST(a_batch_is_enriched_without_an_allocation)
{
	enum { ROUNDS = 300 };
	struct folder folder;
	struct batch batch;

	folder_make(&folder);
	struct enricher *enricher = load(&folder);
	batch_init(&batch);
	fill(&batch, 0);
	enrich_batch(enricher, &batch);
	fill(&batch, 1);
	enrich_batch(enricher, &batch);
	ck_assert_uint_gt(n_allocations, 0);
	for (unsigned round = 2; round < ROUNDS; round++) {
		fill(&batch, round); /* whose assertions allocate */
		unsigned before = n_allocations;
		enrich_batch(enricher, &batch);
		ck_assert_uint_eq(n_allocations, before);
	}
	const struct record *last = &batch.records[RECORDS - 1];
	ck_assert_slice_eq(record_get(last, FIELD_SOC_DESTINATION_ZONE), SLICE_LIT("lan"));
	ck_assert_slice_eq(record_get(last, FIELD_URL_SUBDOMAIN), SLICE_LIT("www99"));
	batch_done(&batch);
	enricher_free(enricher);
	folder_remove(&folder);
}
END_TEST

TEST_MAIN("steady", a_batch_is_enriched_without_an_allocation)
