/*
 * attribution - whose the records of a shared source are
 *
 * Names are looked up in one sorted array of (kind, value) by binary search; a
 * value that began with a point is looked up with what stands behind each
 * point of the name. Prefixes are sorted so that the last one that does not
 * begin behind an address is the innermost that may hold it, or leads to it:
 * each knows the next larger one around it. A record costs a few dozen
 * comparisons, however many rules there are.
 */
#include <stdlib.h>

#include "collector/register/private.h"

enum {
	NO_RULE = UINT32_MAX,
	NO_PREFIX = UINT32_MAX,
	NAME_MAX = 255, /* bytes of a name; of longer ones only the end is looked at */
};

enum value_kind {
	VALUE_HOST_NAME,
	VALUE_BELOW_HOST_NAME, /* ".example.gov.vn": any name below */
	VALUE_VIRTUAL_HOST,
	VALUE_BELOW_VIRTUAL_HOST,
	VALUE_GROUP,
	VALUE_ACCOUNT_AT, /* "@example.gov.vn" */
	VALUE_BELOW_ACCOUNT,
};

/* Rules are numbered in the order of the file; the smallest number that fits decides. */
struct value {
	enum value_kind kind;
	struct slice text; /* without the '.' or '@' in front */
	uint32_t rule;
	const char *const *written;
};

struct prefix_value {
	struct netprefix prefix;
	uint32_t around; /* the next larger prefix that holds this one, or NO_PREFIX */
	uint32_t rule;
	const char *const *written;
};

struct attribution {
	const struct written_shared *written;
	struct slice source; /* empty: all of the host */
	uint32_t *listed;    /* agencies it may speak for, sorted */
	size_t n_listed;
	struct value *values;
	size_t n_values;
	struct prefix_value *prefixes; /* IPv4 first, then by address and length */
	size_t n_prefixes, n_v4;
};

/* ---- looking up ----------------------------------------------------------- */

static int fold(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : (unsigned char)byte;
}

static int compare_text(struct slice a, struct slice b)
{
	for (size_t i = 0; i < a.len && i < b.len; i++) {
		if (fold(a.ptr[i]) != fold(b.ptr[i]))
			return fold(a.ptr[i]) - fold(b.ptr[i]);
	}
	return a.len < b.len ? -1 : a.len > b.len;
}

static int compare_value(const struct value *value, enum value_kind kind, struct slice text)
{
	if (value->kind != kind)
		return value->kind < kind ? -1 : 1;
	return compare_text(value->text, text);
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* The rule of exactly that value. */
static uint32_t find_value(
	const struct attribution *shared, enum value_kind kind, struct slice text)
{
	size_t low = 0, high = shared->n_values;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare_value(&shared->values[middle], kind, text);

		if (order == 0)
			return shared->values[middle].rule;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NO_RULE;
}

/* The smallest rule of a value that stands behind one of the `sign`s in the name. */
static uint32_t find_behind(
	const struct attribution *shared, char sign, enum value_kind kind, struct slice name)
{
	uint32_t rule = NO_RULE;

	while (slice_find(name, sign) < name.len) {
		name = slice_from(name, slice_find(name, sign) + 1);
		rule = smaller(rule, find_value(shared, kind, name));
	}
	return rule;
}

static struct slice end_of(struct slice name)
{
	return name.len > NAME_MAX ? slice_from(name, name.len - NAME_MAX) : name;
}

static uint32_t find_name(const struct attribution *shared, enum value_kind kind,
	enum value_kind below, struct slice name)
{
	if (name.len == 0)
		return NO_RULE;
	return smaller(
		find_value(shared, kind, name), find_behind(shared, '.', below, end_of(name)));
}

static uint32_t find_account(const struct attribution *shared, struct slice account)
{
	account = end_of(account);
	return smaller(find_behind(shared, '@', VALUE_ACCOUNT_AT, account),
		find_behind(shared, '.', VALUE_BELOW_ACCOUNT, account));
}

/* The last prefix of the address's family that does not begin behind it. */
static uint32_t prefix_before(const struct attribution *shared, const struct netaddr *addr)
{
	bool v4 = netaddr_is_v4(addr);
	size_t first = v4 ? 0 : shared->n_v4;
	size_t low = first, high = v4 ? shared->n_v4 : shared->n_prefixes;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (netaddr_compare(&shared->prefixes[middle].prefix.first, addr) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low > first ? (uint32_t)(low - 1) : NO_PREFIX;
}

static uint32_t find_prefix(const struct attribution *shared, const struct netaddr *addr)
{
	uint32_t rule = NO_RULE;

	for (uint32_t i = prefix_before(shared, addr); i != NO_PREFIX;
		i = shared->prefixes[i].around) {
		if (netprefix_holds(&shared->prefixes[i].prefix, addr))
			rule = smaller(rule, shared->prefixes[i].rule);
	}
	return rule;
}

/* The first address that any rule holds decides. */
static uint32_t find_address(
	const struct attribution *shared, const struct agencies_facts *facts)
{
	uint32_t rule = NO_RULE;

	for (unsigned i = 0; rule == NO_RULE && i < facts->n_addresses; i++)
		rule = find_prefix(shared, &facts->addresses[i]);
	return rule;
}

static uint32_t find_rule(const struct attribution *shared, const struct agencies_facts *facts)
{
	uint32_t rule =
		find_name(shared, VALUE_HOST_NAME, VALUE_BELOW_HOST_NAME, facts->host_name);

	rule = smaller(rule, find_name(shared, VALUE_VIRTUAL_HOST, VALUE_BELOW_VIRTUAL_HOST,
				     facts->virtual_host));
	rule = smaller(rule, find_name(shared, VALUE_ACCOUNT_AT, VALUE_BELOW_ACCOUNT,
				     facts->account_domain));
	rule = smaller(rule, find_account(shared, facts->account));
	if (facts->group.len > 0)
		rule = smaller(rule, find_value(shared, VALUE_GROUP, facts->group));
	return smaller(rule, find_address(shared, facts));
}

/* The first of the host's shared sources; n_shared when there is none. */
static size_t first_of_host(
	const struct agency_register *agencies, uint32_t agency, uint32_t host)
{
	size_t low = 0, high = agencies->n_shared;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct written_shared *written = agencies->shared[middle].written;

		if (written->agency < agency ||
			(written->agency == agency && written->host < host))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_of_host(
	const struct agency_register *agencies, size_t i, uint32_t agency, uint32_t host)
{
	return i < agencies->n_shared && agencies->shared[i].written->agency == agency &&
	       agencies->shared[i].written->host == host;
}

bool agencies_is_shared(const struct agency_register *agencies, uint32_t agency, uint32_t host)
{
	return is_of_host(agencies, first_of_host(agencies, agency, host), agency, host);
}

/* The entry that names the source, else the one for all sources of the host. */
static const struct attribution *find_shared(const struct agency_register *agencies,
	uint32_t agency, uint32_t host, struct slice name)
{
	const struct attribution *found = NULL;

	for (size_t i = first_of_host(agencies, agency, host);
		is_of_host(agencies, i, agency, host); i++) {
		const struct attribution *shared = &agencies->shared[i];

		if (shared->source.len == 0)
			found = shared;
		else if (slice_eq(shared->source, name))
			return shared;
	}
	return found;
}

static void fill_place(const struct agency_register *agencies, const struct written_rule *rule,
	int64_t at_ns, struct agency_place *place)
{
	const struct agency *agency = agencies_find(agencies, rule->agency);
	const struct agency_system *system =
		rule->system > 0 ? agency_system(agency, (uint16_t)rule->system)
				 : agency->default_system;

	*place = (struct agency_place){
		.agency = rule->agency,
		.system = system->number,
		.level = agency_system_level(system, at_ns),
		.listed = true,
	};
}

enum agencies_outcome agencies_attribute(const struct agency_register *agencies,
	uint32_t agency, uint32_t host, struct slice name, const struct agencies_facts *facts,
	int64_t at_ns, struct agency_place *place)
{
	const struct attribution *shared = find_shared(agencies, agency, host, name);

	if (shared == NULL)
		return AGENCIES_OWN;

	const struct written_rule *rules = shared->written->rules.items;
	uint32_t rule = find_rule(shared, facts);
	if (rule == NO_RULE)
		return AGENCIES_UNATTRIBUTED;
	fill_place(agencies, &rules[rule], at_ns, place);
	return AGENCIES_ATTRIBUTED;
}

/* ---- facts of a record ---------------------------------------------------- */

static struct slice first_given(
	const struct record *record, enum field_id one, enum field_id two, enum field_id three)
{
	const enum field_id ids[] = {one, two, three};

	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		struct slice value = record_get(record, ids[i]);

		if (value.len > 0)
			return value;
	}
	return SLICE_NONE;
}

void agencies_facts_of(const struct record *record, struct agencies_facts *facts)
{
	static const enum field_id addresses[] = {
		FIELD_HOST_IP, FIELD_DESTINATION_IP, FIELD_SOURCE_IP};

	*facts = (struct agencies_facts){
		.host_name = first_given(record, FIELD_LOG_SYSLOG_HOSTNAME, FIELD_HOST_HOSTNAME,
			FIELD_HOST_NAME),
		.virtual_host = first_given(record, FIELD_URL_DOMAIN, FIELD_DESTINATION_DOMAIN,
			FIELD_DESTINATION_DOMAIN),
		.account = first_given(record, FIELD_USER_NAME, FIELD_USER_TARGET_NAME,
			FIELD_USER_TARGET_NAME),
		.account_domain = record_get(record, FIELD_USER_DOMAIN),
		.group = first_given(record, FIELD_GROUP_NAME, FIELD_GROUP_ID, FIELD_GROUP_ID),
	};
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
		struct slice text = record_get(record, addresses[i]);

		if (netaddr_parse(text, &facts->addresses[facts->n_addresses]))
			facts->n_addresses++;
	}
}

/* ---- building ------------------------------------------------------------- */

/* Of the '.' or '@' in front; false when the value is not one of its kind. */
static bool split_value(enum rule_by by, struct slice *text, enum value_kind *kind)
{
	static const struct {
		enum value_kind whole, below;
	} kinds[] = {
		[RULE_BY_HOST_NAME] = {VALUE_HOST_NAME, VALUE_BELOW_HOST_NAME},
		[RULE_BY_VIRTUAL_HOST] = {VALUE_VIRTUAL_HOST, VALUE_BELOW_VIRTUAL_HOST},
		[RULE_BY_GROUP] = {VALUE_GROUP, VALUE_GROUP},
		[RULE_BY_ACCOUNT_SUFFIX] = {VALUE_ACCOUNT_AT, VALUE_BELOW_ACCOUNT},
	};
	bool account = by == RULE_BY_ACCOUNT_SUFFIX;
	char sign = text->len > 0 ? text->ptr[0] : '\0';
	bool below = sign == '.' && by != RULE_BY_GROUP;

	if (account && !below && sign != '@')
		return false;
	*kind = below ? kinds[by].below : kinds[by].whole;
	if (account || below)
		*text = slice_from(*text, 1);
	return text->len > 0 && (by == RULE_BY_GROUP || text->len <= NAME_MAX);
}

static void add_name(struct register_build *build, struct attribution *shared, uint32_t rule,
	enum rule_by by, const char *const *written)
{
	struct value *value = &shared->values[shared->n_values];

	*value = (struct value){.text = slice_str(*written), .rule = rule, .written = written};
	if (split_value(by, &value->text, &value->kind))
		shared->n_values++;
	else if (by == RULE_BY_ACCOUNT_SUFFIX)
		REGISTER_WRONG(build, written, "a suffix begins with '@' or '.', not %s",
			MISTAKE_TEXT(slice_str(*written)));
	else
		REGISTER_WRONG(build, written, "an empty or too long value");
}

static void add_prefix(struct register_build *build, struct attribution *shared, uint32_t rule,
	const char *const *written)
{
	struct prefix_value *value = &shared->prefixes[shared->n_prefixes];
	struct err err;

	*value = (struct prefix_value){.rule = rule, .written = written};
	if (netprefix_parse(slice_str(*written), &value->prefix, &err))
		shared->n_prefixes++;
	else
		REGISTER_WRONG(
			build, written, "%s: %s", MISTAKE_TEXT(slice_str(*written)), err.text);
}

/* As they stand in the file: by rule, then by place in the rule's list. */
static int compare_place(
	uint32_t one_rule, const char *const *one, uint32_t two_rule, const char *const *two)
{
	if (one_rule != two_rule)
		return one_rule < two_rule ? -1 : 1;
	return one < two ? -1 : one > two;
}

static int by_value(const void *a, const void *b)
{
	const struct value *one = a, *two = b;
	int order = compare_value(one, two->kind, two->text);

	return order != 0 ? order
			  : compare_place(one->rule, one->written, two->rule, two->written);
}

static unsigned line_of(struct register_build *build, const char *const *written)
{
	return conf_at(build->agencies->conf, written).line;
}

static void sort_values(struct register_build *build, struct attribution *shared)
{
	if (shared->n_values > 0)
		qsort(shared->values, shared->n_values, sizeof(*shared->values), by_value);
	for (size_t i = 1; i < shared->n_values; i++) {
		const struct value *before = &shared->values[i - 1], *value = before + 1;

		if (compare_value(before, value->kind, value->text) == 0)
			REGISTER_WRONG(build, value->written, "stands in line %u already",
				line_of(build, before->written));
	}
}

static bool is_v4(const struct netprefix *prefix)
{
	return netprefix_holds(prefix, &prefix->first) && netaddr_is_v4(&prefix->first);
}

static int by_prefix(const void *a, const void *b)
{
	const struct prefix_value *one = a, *two = b;

	if (is_v4(&one->prefix) != is_v4(&two->prefix))
		return is_v4(&one->prefix) ? -1 : 1;

	int order = netaddr_compare(&one->prefix.first, &two->prefix.first);
	if (order != 0)
		return order;
	if (one->prefix.bits != two->prefix.bits)
		return one->prefix.bits < two->prefix.bits ? -1 : 1;
	return compare_place(one->rule, one->written, two->rule, two->written);
}

static bool holds_all(const struct netprefix *outer, const struct netprefix *inner)
{
	return outer->bits <= inner->bits && netprefix_holds(outer, &inner->first);
}

/* The innermost prefix before number `i` that holds all of it. */
static uint32_t find_around(const struct attribution *shared, size_t i)
{
	uint32_t around = i > 0 ? (uint32_t)(i - 1) : NO_PREFIX;

	while (around != NO_PREFIX &&
		!holds_all(&shared->prefixes[around].prefix, &shared->prefixes[i].prefix))
		around = shared->prefixes[around].around;
	return around;
}

/* A prefix inside of one that an earlier rule names never decides: a slip. */
static void check_reached(
	struct register_build *build, const struct attribution *shared, size_t i)
{
	const struct prefix_value *value = &shared->prefixes[i];

	for (uint32_t j = value->around; j != NO_PREFIX; j = shared->prefixes[j].around) {
		const struct prefix_value *outer = &shared->prefixes[j];

		if (outer->rule >= value->rule && outer->prefix.bits != value->prefix.bits)
			continue;
		REGISTER_WRONG(build, value->written, "never fits, %s in line %u comes first",
			MISTAKE_TEXT(slice_str(*outer->written)),
			line_of(build, outer->written));
		return;
	}
}

static void sort_prefixes(struct register_build *build, struct attribution *shared)
{
	if (shared->n_prefixes > 0)
		qsort(shared->prefixes, shared->n_prefixes, sizeof(*shared->prefixes),
			by_prefix);
	for (size_t i = 0; i < shared->n_prefixes; i++) {
		shared->n_v4 += is_v4(&shared->prefixes[i].prefix);
		shared->prefixes[i].around = find_around(shared, i);
		check_reached(build, shared, i);
	}
}

static int by_number(const void *a, const void *b)
{
	uint32_t one = *(const uint32_t *)a, two = *(const uint32_t *)b;

	return one < two ? -1 : one > two;
}

/* May the source speak for the agency? */
static bool is_listed(const struct attribution *shared, uint32_t agency)
{
	return shared->n_listed > 0 && bsearch(&agency, shared->listed, shared->n_listed,
					       sizeof(agency), by_number) != NULL;
}

static void check_target(struct register_build *build, const struct attribution *shared,
	const struct written_rule *rule)
{
	const struct agency *agency = agencies_find(build->agencies, rule->agency);

	if (agency == NULL)
		REGISTER_WRONG(build, &rule->agency, "there is no agency %u", rule->agency);
	else if (!is_listed(shared, rule->agency))
		REGISTER_WRONG(build, &rule->agency,
			"agency %u is not among the 'agencies' this source may speak for",
			rule->agency);
	if (agency != NULL && rule->system > 0 &&
		agency_system(agency, (uint16_t)rule->system) == NULL)
		REGISTER_WRONG(build, &rule->system, "agency %u has no system %u", rule->agency,
			rule->system);
}

static void add_listed(
	struct register_build *build, struct attribution *shared, const char *const *item)
{
	uint32_t number;

	if (!register_number(build, item, &number))
		return;
	if (agencies_find(build->agencies, number) == NULL)
		REGISTER_WRONG(build, item, "there is no agency %u", number);
	shared->listed[shared->n_listed++] = number;
}

static bool read_listed(struct register_build *build, struct attribution *shared)
{
	const struct written_shared *written = shared->written;

	if (agencies_find(build->agencies, written->agency) == NULL)
		REGISTER_WRONG(
			build, &written->agency, "there is no agency %u", written->agency);
	shared->listed = register_alloc(build, written->agencies.n, sizeof(*shared->listed));
	if (shared->listed == NULL)
		return false;
	for (size_t i = 0; i < written->agencies.n; i++)
		add_listed(build, shared, &written->agencies.items[i]);
	if (shared->n_listed > 0)
		qsort(shared->listed, shared->n_listed, sizeof(*shared->listed), by_number);
	return true;
}

static void add_rule(struct register_build *build, struct attribution *shared, uint32_t number,
	const struct written_rule *rule)
{
	check_target(build, shared, rule);
	for (size_t i = 0; i < rule->values.n; i++) {
		const char *const *value = &rule->values.items[i];

		if (rule->by == RULE_BY_PREFIX)
			add_prefix(build, shared, number, value);
		else
			add_name(build, shared, number, (enum rule_by)rule->by, value);
	}
}

static size_t count_values(const struct written_shared *written, bool prefixes)
{
	const struct written_rule *rules = written->rules.items;
	size_t n = 0;

	for (size_t i = 0; i < written->rules.n; i++)
		n += (rules[i].by == RULE_BY_PREFIX) == prefixes ? rules[i].values.n : 0;
	return n;
}

static void build_source(struct register_build *build, struct attribution *shared,
	const struct written_shared *written)
{
	const struct written_rule *rules = written->rules.items;

	shared->written = written;
	shared->source = slice_str(written->source);
	shared->values =
		register_alloc(build, count_values(written, false), sizeof(*shared->values));
	shared->prefixes =
		register_alloc(build, count_values(written, true), sizeof(*shared->prefixes));
	if (shared->values == NULL || shared->prefixes == NULL || !read_listed(build, shared))
		return;
	for (size_t i = 0; i < written->rules.n; i++)
		add_rule(build, shared, (uint32_t)i, &rules[i]);
	sort_values(build, shared);
	sort_prefixes(build, shared);
}

static int by_source(const void *a, const void *b)
{
	const struct attribution *one = a, *two = b;

	if (one->written->agency != two->written->agency)
		return one->written->agency < two->written->agency ? -1 : 1;
	if (one->written->host != two->written->host)
		return one->written->host < two->written->host ? -1 : 1;

	int order = strcmp(one->written->source, two->written->source);
	if (order != 0)
		return order;
	return one->written < two->written ? -1 : one->written > two->written;
}

static bool same_source(const struct written_shared *one, const struct written_shared *two)
{
	return one->agency == two->agency && one->host == two->host &&
	       strcmp(one->source, two->source) == 0;
}

void attribution_build(struct register_build *build)
{
	struct agency_register *agencies = build->agencies;
	const struct written_shared *written = agencies->written.shared.items;
	size_t n = agencies->written.shared.n;

	agencies->shared = register_alloc(build, n, sizeof(*agencies->shared));
	if (agencies->shared == NULL)
		return;
	for (size_t i = 0; i < n; i++)
		build_source(build, &agencies->shared[i], &written[i]);
	if (n > 0)
		qsort(agencies->shared, n, sizeof(*agencies->shared), by_source);
	for (size_t i = 1; i < n; i++) {
		const struct written_shared *source = agencies->shared[i].written;

		if (same_source(source, agencies->shared[i - 1].written))
			REGISTER_WRONG(build, &source->host, "this source stands here twice");
	}
	agencies->n_shared = n;
}
