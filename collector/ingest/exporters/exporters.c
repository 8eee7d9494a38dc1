#include "collector/ingest/exporters/exporters.h"

#include <assert.h>
#include <stdlib.h>

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
	strbuf_init(&exporters->line, EXPORT_LINE_MAX);
	return exporters;
}

static void forget_told(struct exporters *exporters, struct export_domain *domain)
{
	const size_t size = told_size(&domain->told);

	domain->exporter->told_size -= size;
	exporters->size -= size;
	told_done(&domain->told);
}

void export_domain_tell(
	const struct export_head *head, enum told_kind kind, uint64_t key, struct slice text)
{
	struct exporter *exporter = head->domain->exporter;
	const size_t grown = told_put(
		&head->domain->told, kind, key, text, EXPORTER_TOLD_SIZE - exporter->told_size);

	exporter->told_size += grown;
	head->exporters->size += grown;
}

static void drop_domain(struct exporters *exporters, struct export_domain **at)
{
	struct export_domain *domain = *at;

	held_give_up_domain(exporters, domain);
	templates_forget(exporters, domain);
	forget_told(exporters, domain);
	*at = domain->next;
	domain->exporter->n_domains--;
	free(domain);
}

static struct exporter **chain_of(struct exporters *exporters, const struct netaddr *address)
{
	const uint64_t mixed = (address->high ^ address->low) * UINT64_C(0x9e3779b97f4a7c15);

	return &exporters->chains[(mixed >> 32) % EXPORTER_CHAINS];
}

static void unlink_use(struct exporters *exporters, struct exporter *exporter)
{
	if (exporter->newer != NULL)
		exporter->newer->older = exporter->older;
	else
		exporters->newest = exporter->older;
	if (exporter->older != NULL)
		exporter->older->newer = exporter->newer;
	else
		exporters->oldest = exporter->newer;
}

static void link_use(struct exporters *exporters, struct exporter *exporter)
{
	exporter->newer = NULL;
	exporter->older = exporters->newest;
	if (exporters->newest != NULL)
		exporters->newest->newer = exporter;
	else
		exporters->oldest = exporter;
	exporters->newest = exporter;
}

static void drop_exporter(struct exporters *exporters, struct exporter *exporter)
{
	struct exporter **at = chain_of(exporters, &exporter->address);

	while (*at != exporter)
		at = &(*at)->next;
	*at = exporter->next;
	unlink_use(exporters, exporter);
	while (exporter->domains != NULL)
		drop_domain(exporters, &exporter->domains);
	exporters->n_exporters--;
	free(exporter);
}

void exporters_free(struct exporters *exporters)
{
	if (exporters == NULL)
		return;
	while (exporters->oldest != NULL)
		drop_exporter(exporters, exporters->oldest);
	free(exporters->netflow5);
	strbuf_done(&exporters->line);
	free(exporters);
}

/* ---- who sends ----------------------------------------------------------------------------
 */

static struct exporter *add_exporter(struct exporters *exporters, const struct netaddr *address)
{
	struct exporter *exporter = calloc(1, sizeof(*exporter));
	struct exporter **chain = chain_of(exporters, address);

	if (exporter == NULL)
		abort();
	exporter->address = *address;
	exporter->next = *chain;
	*chain = exporter;
	exporters->n_exporters++;
	link_use(exporters, exporter);
	return exporter;
}

static struct exporter *find_exporter(
	struct exporters *exporters, const struct netaddr *address)
{
	struct exporter *exporter = *chain_of(exporters, address);

	while (exporter != NULL && !netaddr_eq(&exporter->address, address))
		exporter = exporter->next;
	if (exporter == NULL)
		return add_exporter(exporters, address);
	unlink_use(exporters, exporter);
	link_use(exporters, exporter);
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
	exporter->n_domains++;
	return domain;
}

static bool is_too_much(const struct exporters *exporters)
{
	return exporters->n_exporters > EXPORTERS_MAX || exporters->size > EXPORTERS_SIZE;
}

/* Too much is remembered of all: those heard longest ago are forgotten. */
static void make_room(struct exporters *exporters)
{
	struct exporter *exporter = exporters->oldest;

	while (exporter != exporters->newest && is_too_much(exporters)) {
		struct exporter *newer = exporter->newer;

		counter_add(&forgotten, 1);
		drop_exporter(exporters, exporter);
		exporter = newer;
	}
}

struct export_domain *exporters_domain(
	struct exporters *exporters, const struct export_head *head)
{
	struct exporter *exporter = find_exporter(exporters, &head->exporter);
	struct export_domain **at = &exporter->domains;

	make_room(exporters);
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
		const int64_t back = -ahead < units ? ahead : -(int64_t)units;

		counter_add(&late, (uint64_t)-back);
		return back;
	}
	const bool starts = ahead < 0 || ahead > JUMP;
	counter_add(&restarts, starts);
	domain->sequence = sequence + units;
	domain->numbered = known;
	if (starts || ahead == 0)
		return 0;
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
	for (struct exporter *exporter = exporters->newest; exporter != NULL;
		exporter = exporter->older)
		held_give_up(exporters, exporter, now_ms - EXPORT_HOLD_MS);
}

void exporters_flush(struct exporters *exporters)
{
	exporters_check(exporters, INT64_MAX);
}
