/*
 * store_recover - opens a store as a starting collector does, closes it, verifies it
 *
 *	store_recover DIR
 *
 * Prints one JSON line, what recovery found, and a line for every fault that is
 * left. Exit status: 0, 1 when it cannot be opened, 3 when there are faults.
 */
#include <stdio.h>
#include <stdlib.h>

#include "collector/store/verify.h"
#include "common/json.h"

enum { EXIT_FAULTS = 3, SEGMENT = 1 << 20, HOUR_MS = 3600 * 1000 };

static void say_fault(void *user, const struct store_fault *fault)
{
	(void)user;
	printf("class %u, %s at %llu: %s\n", fault->class, fault->file,
		(unsigned long long)fault->offset, fault->what);
}

static void say_recovery(const struct store_recovery *recovery)
{
	struct strbuf out = STRBUF_INIT(4096);
	struct json json = json_into(&out);

	json_object(&json);
	json_put_u64(&json, "undone_blocks", recovery->undone_blocks);
	json_put_u64(&json, "torn_bytes", recovery->torn_bytes);
	json_put_u64(&json, "lost_records", recovery->lost_records);
	json_put_u64(&json, "lost_ranges", recovery->lost_ranges);
	json_object_end(&json);
	puts(strbuf_cstr(&out));
	strbuf_done(&out);
}

static bool recover(const char *dir, struct err *err)
{
	const struct store_settings settings = {
		.dir = dir,
		.segment_size = SEGMENT,
		.segment_age_ms = HOUR_MS,
		.commit_bytes = SEGMENT,
		.warn_percent = 100,
	};
	struct store_recovery recovery = {0};
	struct store *store = store_open(&settings, &recovery, err);

	if (store == NULL)
		return false;
	say_recovery(&recovery);
	store_close(store);
	return true;
}

int main(int argc, char **argv)
{
	const struct store_verify_user user = {say_fault, NULL, NULL};
	struct store_verified verified = {0};
	struct err err;

	if (argc != 2) {
		fprintf(stderr, "usage: store_recover DIR\n");
		return EXIT_FAILURE;
	}
	if (!recover(argv[1], &err) || !store_verify(argv[1], &user, &verified, &err)) {
		fprintf(stderr, "store_recover: %s\n", err.text);
		return EXIT_FAILURE;
	}
	return verified.faults > 0 ? EXIT_FAULTS : EXIT_SUCCESS;
}
