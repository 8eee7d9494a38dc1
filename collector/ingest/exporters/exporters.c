#include "collector/ingest/exporters/exporters.h"

#include <assert.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <xxhash.h>

#include "collector/ingest/exporters/exporters_inner.h"
#include "collector/ingest/exporters/lines.h"
#include "collector/ingest/exporters/templates.h"
#include "collector/ingest/exporters/wire.h"
#include "common/clock.h"
#include "common/counter.h"

enum {
	LATE = 1000,                 /* units behind that are late, not a new start */
	JUMP = 10000000,             /* so many ahead are a new start as well */
	UPTIME_SLACK_MS = 60 * 1000, /* datagrams overtake each other */
	UPTIME_WRAPS_MS = 60 * 60 * 1000,
};

static struct counter datagrams =
	COUNTER("ingest.flow_datagrams", "datagrams of exporters of flow records");
static struct counter missing = COUNTER("ingest.flow_missing",
	"records (NetFlow v5, IPFIX) and datagrams (v9, sFlow) of exporters that did not "
	"arrive");
static struct counter late =
	COUNTER("ingest.flow_late", "of those taken for missing, what arrived later");
static struct counter restarts = COUNTER(
	"ingest.flow_restarts", "starts of exporters, or of their counting, that were seen");
static struct counter forgotten = COUNTER("ingest.flow_exporters_forgotten",
	"exporters, and domains of theirs, forgotten because there were too many");

/* ---- life ------------------------------------------------------------------------------ */

struct exporters *exporters_new(
	enum export_protocol protocol, export_line_function *on_line, void *user)
{
	struct exporters *exporters = calloc(1, sizeof(*exporters));

	if (exporters == NULL)
		abort();
	exporters->protocol = protocol;
	exporters->on_line = on_line;
	exporters->user = user;
	if (RAND_bytes((unsigned char *)&exporters->seed, sizeof(exporters->seed)) != 1)
		abort();
	strbuf_init(&exporters->line, EXPORT_LINE_MAX);
	return exporters;
}

void exporter_grew(struct exporters *exporters, struct exporter *exporter, size_t size)
{
	exporters->size += size;
	exporter->owner->size += size;
}

void exporter_shrank(struct exporters *exporters, struct exporter *exporter, size_t size)
{
	exporters->size -= size;
	exporter->owner->size -= size;
}

static void forget_told(struct exporters *exporters, struct export_domain *domain)
{
	const size_t size = told_size(&domain->told);

	domain->exporter->told_size -= size;
	exporter_shrank(exporters, domain->exporter, size);
	told_done(&domain->told);
}

void export_domain_tell(
	const struct export_head *head, enum told_kind kind, uint64_t key, struct slice text)
{
	struct exporter *exporter = head->domain->exporter;
	const size_t grown = told_put(
		&head->domain->told, kind, key, text, EXPORTER_TOLD_SIZE - exporter->told_size);

	exporter->told_size += grown;
	exporter_grew(head->exporters, exporter, grown);
}

static void drop_domain(struct exporters *exporters, struct export_domain **at)
{
	struct export_domain *domain = *at;

	held_give_up_domain(exporters, domain);
	templates_forget(exporters, domain);
	forget_told(exporters, domain);
	*at = domain->next;
	domain->exporter->n_domains--;
	exporter_shrank(exporters, domain->exporter, sizeof(*domain));
	free(domain);
}

static struct exporter **chain_of(struct exporters *exporters, const struct netaddr *address)
{
	const uint64_t what[] = {address->high, address->low};

	return &exporters->chains[XXH3_64bits_withSeed(what, sizeof(what), exporters->seed) %
				  EXPORTER_CHAINS];
}

static struct export_owner *find_owner(struct exporters *exporters, const void *key)
{
	struct export_owner *owner = exporters->owners;

	while (owner != NULL && owner->key != key)
		owner = owner->next;
	if (owner != NULL)
		return owner;
	owner = calloc(1, sizeof(*owner));
	if (owner == NULL)
		abort();
	owner->key = key;
	owner->next = exporters->owners;
	exporters->owners = owner;
	return owner;
}

static void drop_owner(struct exporters *exporters, struct export_owner *owner)
{
	struct export_owner **at = &exporters->owners;

	while (*at != NULL && *at != owner)
		at = &(*at)->next;
	if (*at != NULL)
		*at = owner->next;
	free(owner);
}

static void unlink_use(struct exporter *exporter)
{
	struct export_owner *owner = exporter->owner;

	if (exporter->newer != NULL)
		exporter->newer->older = exporter->older;
	else
		owner->newest = exporter->older;
	if (exporter->older != NULL)
		exporter->older->newer = exporter->newer;
	else
		owner->oldest = exporter->newer;
}

static void link_use(struct exporter *exporter)
{
	struct export_owner *owner = exporter->owner;

	exporter->newer = NULL;
	exporter->older = owner->newest;
	if (owner->newest != NULL)
		owner->newest->newer = exporter;
	else
		owner->oldest = exporter;
	owner->newest = exporter;
}

static size_t size_of(const struct exporter *exporter)
{
	return exporter->templates_size + exporter->told_size +
	       exporter->n_domains * sizeof(struct export_domain);
}

static void join_owner(struct exporter *exporter, struct export_owner *owner)
{
	exporter->owner = owner;
	owner->n_exporters++;
	owner->size += size_of(exporter);
	link_use(exporter);
	held_join(&exporter->held, owner);
}

static void leave_owner(struct exporters *exporters, struct exporter *exporter)
{
	struct export_owner *owner = exporter->owner;

	held_leave(&exporter->held, owner);
	unlink_use(exporter);
	owner->size -= size_of(exporter);
	if (--owner->n_exporters == 0)
		drop_owner(exporters, owner);
}

static void drop_exporter(struct exporters *exporters, struct exporter *exporter)
{
	struct exporter **at = chain_of(exporters, &exporter->address);

	while (*at != exporter)
		at = &(*at)->next;
	*at = exporter->next;
	while (exporter->domains != NULL)
		drop_domain(exporters, &exporter->domains);
	leave_owner(exporters, exporter);
	exporters->n_exporters--;
	free(exporter);
}

void exporters_free(struct exporters *exporters)
{
	if (exporters == NULL)
		return;
	while (exporters->owners != NULL)
		drop_exporter(exporters, exporters->owners->oldest);
	free(exporters->netflow5);
	strbuf_done(&exporters->line);
	free(exporters);
}

/* ---- who sends ----------------------------------------------------------------------------
 */

static struct exporter *add_exporter(
	struct exporters *exporters, const struct export_head *head)
{
	struct exporter *exporter = calloc(1, sizeof(*exporter));
	struct exporter **chain = chain_of(exporters, &head->exporter);

	if (exporter == NULL)
		abort();
	exporter->address = head->exporter;
	exporter->next = *chain;
	*chain = exporter;
	exporters->n_exporters++;
	join_owner(exporter, find_owner(exporters, head->owner));
	return exporter;
}

static struct exporter *find_exporter(
	struct exporters *exporters, const struct export_head *head)
{
	struct exporter *exporter = *chain_of(exporters, &head->exporter);

	while (exporter != NULL && !netaddr_eq(&exporter->address, &head->exporter))
		exporter = exporter->next;
	if (exporter == NULL)
		return add_exporter(exporters, head);
	if (exporter->owner->key != head->owner) { /* after a reload */
		leave_owner(exporters, exporter);
		join_owner(exporter, find_owner(exporters, head->owner));
	}
	unlink_use(exporter);
	link_use(exporter);
	return exporter;
}

/* The rest of a list that was heard longest ago. */
static void drop_last_domain(struct exporters *exporters, struct exporter *exporter)
{
	struct export_domain **at = &exporter->domains;

	assert(*at != NULL);
	while ((*at)->next != NULL)
		at = &(*at)->next;
	counter_add(&forgotten, 1);
	drop_domain(exporters, at);
}

static struct export_domain *new_domain(
	struct exporters *exporters, struct exporter *exporter, const struct export_head *head)
{
	struct export_domain *domain = calloc(1, sizeof(*domain));

	if (domain == NULL)
		abort();
	if (exporter->n_domains == EXPORTER_DOMAINS_MAX)
		drop_last_domain(exporters, exporter);
	domain->exporter = exporter;
	domain->version = head->version;
	domain->number = head->number;
	domain->agent = head->agent;
	domain->told.seed = exporters->seed;
	exporter->n_domains++;
	exporter_grew(exporters, exporter, sizeof(*domain));
	return domain;
}

static bool has_more(const struct exporters *exporters, const struct export_owner *a,
	const struct export_owner *b)
{
	return exporters->n_exporters > EXPORTERS_MAX ? a->n_exporters > b->n_exporters
						      : a->size > b->size;
}

/* The one heard longest ago of who has most; `heard` stays. NULL: there is no other. */
static struct exporter *one_too_much(
	const struct exporters *exporters, const struct exporter *heard)
{
	const struct export_owner *most = NULL;

	for (const struct export_owner *owner = exporters->owners; owner != NULL;
		owner = owner->next) {
		if (owner->oldest != heard &&
			(most == NULL || has_more(exporters, owner, most)))
			most = owner;
	}
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): drop_owner() took it out of the list */
	return most == NULL ? NULL : most->oldest;
}

/* Too much is remembered of all. */
static void make_room(struct exporters *exporters, const struct exporter *heard)
{
	while (exporters->n_exporters > EXPORTERS_MAX || exporters->size > EXPORTERS_SIZE) {
		struct exporter *exporter = one_too_much(exporters, heard);

		if (exporter == NULL)
			return;
		counter_add(&forgotten, 1);
		drop_exporter(exporters, exporter);
	}
}

struct export_domain *exporters_domain(
	struct exporters *exporters, const struct export_head *head)
{
	struct exporter *exporter = find_exporter(exporters, head);
	struct export_domain **at = &exporter->domains;

	make_room(exporters, exporter);
	while (*at != NULL &&
		((*at)->version != head->version || (*at)->number != head->number ||
			!netaddr_eq(&(*at)->agent, &head->agent)))
		at = &(*at)->next;

	struct export_domain *domain = *at;
	if (domain != NULL)
		*at = domain->next;
	else
		domain = new_domain(exporters, exporter, head);
	domain->next = exporter->domains;
	exporter->domains = domain;
	return domain;
}

/* ---- what did not arrive -------------------------------------------------------------------
 */

static int64_t due(const struct export_domain *domain, uint32_t sequence)
{
	return domain->numbered ? (int32_t)(sequence - domain->sequence) : 0;
}

int64_t export_domain_count(
	struct export_domain *domain, uint32_t sequence, uint32_t units, bool known)
{
	const int64_t ahead = due(domain, sequence);

	if (ahead < 0 && ahead > -LATE) {
		uint64_t back = -ahead < units ? (uint64_t)-ahead : units;

		/* What came twice was not missing. */
		back = back < domain->n_missing ? back : domain->n_missing;
		domain->n_missing -= back;
		counter_add(&late, back);
		return -(int64_t)back;
	}
	const bool starts = ahead < 0 || ahead > JUMP;
	counter_add(&restarts, starts);
	domain->sequence = sequence + units;
	domain->numbered = known;
	if (starts)
		domain->n_missing = 0;
	if (starts || ahead == 0)
		return 0;
	domain->n_missing += (uint64_t)ahead;
	counter_add(&missing, (uint64_t)ahead);
	return ahead;
}

void export_domain_uptime(
	struct exporters *exporters, struct export_domain *domain, uint32_t uptime_ms)
{
	const uint32_t before_ms = domain->uptime_ms;
	const bool wraps = before_ms > UINT32_MAX - UPTIME_WRAPS_MS;

	if (domain->has_uptime && uptime_ms < before_ms &&
		before_ms - uptime_ms > UPTIME_SLACK_MS && !wraps) {
		counter_add(&restarts, 1);
		templates_forget(exporters, domain);
		forget_told(exporters, domain);
		domain->numbered = false;
		domain->n_missing = 0;
	}
	domain->uptime_ms = uptime_ms;
	domain->has_uptime = true;
}

/* ---- reading
 * ----------------------------------------------------------------------------------- */

static int64_t read_netflow(struct export_head *head, struct slice bytes)
{
	struct slice rest = bytes;
	uint16_t version;

	if (wire_u16(&rest, &version)) {
		switch (version) {
		case 5:
			return netflow5_read(head, bytes);
		case 9:
			return netflow9_read(head, bytes);
		case 10:
			return ipfix_read(head, bytes);
		}
	}
	line_damaged(head, LINE_VERSION, 0, bytes);
	return 0;
}

int64_t exporters_read(struct exporters *exporters, const struct export_datagram *datagram)
{
	struct export_head head = {
		.exporters = exporters,
		.exporter = datagram->exporter,
		.owner = datagram->owner,
		.exported_ns = CLOCK_NONE,
		.received_ns = datagram->received_ns,
		.now_ms = datagram->now_ms,
	};

	counter_add(&datagrams, 1);
	exporters->lines_size = 0;
	return exporters->protocol == EXPORT_SFLOW ? sflow_read(&head, datagram->bytes)
						   : read_netflow(&head, datagram->bytes);
}

void exporters_check(struct exporters *exporters, int64_t now_ms)
{
	for (struct export_owner *owner = exporters->owners; owner != NULL; owner = owner->next)
		held_give_up(exporters, owner, now_ms - EXPORT_HOLD_MS);
}

void exporters_flush(struct exporters *exporters)
{
	exporters_check(exporters, INT64_MAX);
}
