/* exporters_inner - what the files of exporters/ share; private to them */
#ifndef COLLECTOR_INGEST_EXPORTERS_EXPORTERS_INNER_H
#define COLLECTOR_INGEST_EXPORTERS_EXPORTERS_INNER_H

#include "collector/ingest/exporters/exporters.h"
#include "collector/ingest/exporters/held.h"
#include "collector/ingest/exporters/told.h"
#include "common/strbuf.h"

struct export_template;

enum {
	EXPORTER_DOMAINS_MAX = 64,
	EXPORTER_TEMPLATES_SIZE = 1 << 20, /* bytes of all templates of an exporter */
	EXPORTER_HELD_SIZE = 1 << 20,      /* bytes of the sets that wait, likewise */
	EXPORTER_TOLD_SIZE = 1 << 20,      /* of what its options told */
	EXPORTERS_SIZE = 64 << 20,         /* templates and options of all */
	EXPORTERS_HELD_SIZE = 16 << 20,
	DOMAIN_TEMPLATE_CHAINS = 32,
	EXPORTER_CHAINS = 1024,
};

/* Who answers for exporters: a sender. */
struct export_owner {
	struct export_owner *next;
	const void *key;
	struct exporter *newest, *oldest; /* by use; never none */
	unsigned n_exporters;
	size_t size; /* of what is remembered of them */
	size_t held_size;
	struct held_set *first_held, *last_held; /* by arrival */
};

enum export_version { VERSION_NETFLOW5, VERSION_NETFLOW9, VERSION_IPFIX, VERSION_SFLOW5 };

/* What numbers and templates of one source in an exporter belong to: engine of v5, source id of
 * v9, observation domain of IPFIX, agent and sub-agent of sFlow. */
struct export_domain {
	struct export_domain *next; /* of the exporter, the one heard last first */
	struct exporter *exporter;
	enum export_version version;
	uint64_t number;
	struct netaddr agent; /* of sFlow */
	uint32_t sequence;    /* the one that is due */
	bool numbered;        /* it is known */
	uint64_t n_missing;   /* taken for that, and did not come since */
	uint32_t uptime_ms;
	bool has_uptime;
	struct export_template *templates[DOMAIN_TEMPLATE_CHAINS];
	struct told told;
};

struct exporter {
	struct exporter *next; /* of its chain */
	struct export_owner *owner;
	struct exporter *newer, *older; /* of the owner */
	struct netaddr address;
	struct export_domain *domains;
	unsigned n_domains;
	struct export_template *newest_template, *oldest_template; /* by use */
	size_t templates_size, told_size;
	struct held held;
};

struct exporters {
	enum export_protocol protocol;
	export_line_function *on_line;
	void *user;
	struct exporter *chains[EXPORTER_CHAINS];
	struct export_owner *owners;
	uint64_t seed; /* of hashes: whoever forges addresses and names does not know it */
	unsigned n_exporters;
	size_t size; /* of domains, templates and options */
	size_t held_size;
	struct export_template *netflow5; /* made with the first record */
	struct strbuf line;
	size_t lines_size; /* bytes of lines that the datagram has become */
};

/* What the head of a datagram says, and what it is for. */
struct export_head {
	struct exporters *exporters;
	struct export_domain *domain; /* NULL = not known: the head is damaged */
	struct netaddr exporter;
	const void *owner;
	enum export_version version;
	bool versioned; /* `version` is known */
	uint64_t number;
	struct netaddr agent; /* of sFlow */
	uint32_t sequence;
	uint32_t uptime_ms;  /* v5, v9, sFlow */
	int64_t exported_ns; /* CLOCK_NONE = it does not say */
	unsigned sampling;   /* v5: one of so many packets; 0 = all */
	int64_t received_ns, now_ms;
};

/* The domain of a head; made when it is new. Its exporter is heard. */
struct export_domain *exporters_domain(
	struct exporters *exporters, const struct export_head *head);

/*
 * `units` of the domain with the first number `sequence`: how many before it are missing;
 * negative, those that were taken for missing. `known`: how many there are is known.
 */
int64_t export_domain_count(
	struct export_domain *domain, uint32_t sequence, uint32_t units, bool known);

/* What is remembered of an exporter has grown, or become less. */
void exporter_grew(struct exporters *exporters, struct exporter *exporter, size_t size);
void exporter_shrank(struct exporters *exporters, struct exporter *exporter, size_t size);

/* The exporter has been up for so long: one that started anew forgot its templates. */
void export_domain_uptime(
	struct exporters *exporters, struct export_domain *domain, uint32_t uptime_ms);

/* An option tells it; where there is room. */
void export_domain_tell(
	const struct export_head *head, enum told_kind kind, uint64_t key, struct slice text);

/* Each reads one datagram whose version is known; export_count of exporters_read(). */
int64_t netflow5_read(struct export_head *head, struct slice bytes);
int64_t netflow9_read(struct export_head *head, struct slice bytes);
int64_t ipfix_read(struct export_head *head, struct slice bytes);
int64_t sflow_read(struct export_head *head, struct slice bytes);

/* All records of a set, and what it lacks or has behind them; gives how many records. */
unsigned records_read(const struct export_head *head, const struct export_template *template,
	struct slice bytes);

#endif
