/* private - what the files of register share; nobody else includes it */
#ifndef COLLECTOR_REGISTER_PRIVATE_H
#define COLLECTOR_REGISTER_PRIVATE_H

#include <stdatomic.h>

#include "collector/register/register.h"
#include "collector/register/settings.h"
#include "common/arena.h"
#include "common/conf.h"

struct attribution;

/* A host in a system, from a day on. */
struct host_entry {
	uint32_t agency, host;
	int64_t from_ns;
	uint16_t system;
	const struct written_host *written;
};

struct agency_register {
	atomic_uint references;
	struct conf *conf; /* owns all texts */
	struct written_register written;
	struct arena arena; /* all arrays */
	struct agency_province province;
	struct agency *agencies; /* by number */
	size_t n_agencies;
	struct host_entry *hosts; /* by agency, host, date */
	size_t n_hosts;
	const struct host_entry **named; /* those with a name, by agency and name */
	size_t n_named;
	struct attribution *shared; /* by agency, host, source; attribution.c */
	size_t n_shared;
};

/* Building one from its file. */
struct register_build {
	struct agency_register *agencies;
	struct mistakes *mistakes, *warnings;
	const void **order; /* struct written_agency beside agencies->agencies */
};

/* Zeroed; a file too large for the arena aborts nothing: it is a mistake, and NULL. */
MUST_USE void *register_alloc(struct register_build *build, size_t n, size_t size);

/* A mistake where `member` was written. */
#define REGISTER_WRONG(build, member, ...)                                                     \
	mistake_add((build)->mistakes, conf_at((build)->agencies->conf, (member)), __VA_ARGS__)

/* A number among a list of texts; false with a mistake. */
MUST_USE bool register_number(
	struct register_build *build, const char *const *text, uint32_t *number);

/* <0, 0, >0: by agency, then by name without regard to large and small ASCII letters. */
int register_compare_named(const struct host_entry *entry, uint32_t agency, struct slice name);

/* Compiles the shared sources; agencies are there already. */
void attribution_build(struct register_build *build);

#endif
