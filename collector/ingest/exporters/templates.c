#include "collector/ingest/exporters/templates.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

#include "common/counter.h"

static struct counter told = COUNTER("ingest.flow_templates", "templates that exporters told");
static struct counter changed = COUNTER("ingest.flow_templates_changed",
	"templates that took the place of one that said something else");
static struct counter pushed_out = COUNTER("ingest.flow_templates_pushed_out",
	"templates forgotten because an exporter told too many");
static struct counter too_old = COUNTER("ingest.flow_templates_too_old",
	"templates forgotten that were not told again for a day");

/* ---- making -------------------------------------------------------------------------- */

static const char *const scopes9[] = {
	[SCOPE9_SYSTEM] = "system",
	[SCOPE9_INTERFACE] = "interface",
	[SCOPE9_CARD] = "lineCard",
	[SCOPE9_CACHE] = "cache",
	[SCOPE9_TEMPLATE] = "template",
};

/* The name of a field, and what it is; `text` has TEMPLATE_KEY_MAX bytes. */
static void name_scope9(struct template_field *field, char *text)
{
	const bool known = field->number > 0 && field->number < ARRAY_LEN(scopes9);

	field->type = ELEMENT_UNSIGNED;
	if (known)
		snprintf(text, TEMPLATE_KEY_MAX, "scope.%s", scopes9[field->number]);
	else
		snprintf(text, TEMPLATE_KEY_MAX, "scope.%u", field->number);
	field->number = field->number == SCOPE9_INTERFACE ? IE_INGRESS_INTERFACE : 0;
}

static const struct element *element_of(
	enum export_version version, struct template_field *field)
{
	if (version == VERSION_IPFIX)
		return field->enterprise == 0 || field->is_reverse ? element_find(field->number)
								   : NULL;
	return element_of_netflow9(&field->number);
}

static void name_field(enum export_version version, struct template_field *field, char *text)
{
	const struct element *element = element_of(version, field);

	field->type = element != NULL ? element->type : ELEMENT_OCTETS;
	if (element == NULL)
		snprintf(text, TEMPLATE_KEY_MAX, "%u.%u", field->enterprise, field->number);
	else if (field->is_reverse)
		snprintf(text, TEMPLATE_KEY_MAX, "reverse%c%s", element->name.ptr[0] & ~0x20,
			element->name.ptr + 1);
	else
		snprintf(text, TEMPLATE_KEY_MAX, "%s", element->name.ptr);
}

static bool same_element(const struct told_field *a, const struct told_field *b)
{
	return a->number == b->number && a->enterprise == b->enterprise &&
	       a->is_scope9 == b->is_scope9;
}

/* How many of its kind there are up to it. */
static unsigned occurrence(const struct told_field *fields, unsigned at)
{
	unsigned n = 1;

	for (unsigned i = 0; i < at; i++)
		n += same_element(&fields[i], &fields[at]);
	return n;
}

/* Its key, written at `to`; the place behind. */
static char *make_field(enum export_version version, const struct told_field *fields,
	unsigned at, struct template_field *field, char *to)
{
	const unsigned nth = occurrence(fields, at);
	char name[TEMPLATE_KEY_MAX];
	int len;

	*field = (struct template_field){
		.enterprise = fields[at].enterprise,
		.number = fields[at].number,
		.len = fields[at].len,
		.is_reverse = version == VERSION_IPFIX && fields[at].enterprise == PEN_REVERSE,
	};
	if (fields[at].is_scope9)
		name_scope9(field, name);
	else
		name_field(version, field, name);
	if (nth > 1)
		len = snprintf(to, TEMPLATE_KEY_MAX, "\"%s.%u\":", name, nth);
	else
		len = snprintf(to, TEMPLATE_KEY_MAX, "\"%s\":", name);
	if (len < 0 || len >= TEMPLATE_KEY_MAX)
		abort(); /* names of the registry are shorter */
	field->key = slice_of(to, (size_t)len);
	return to + len;
}

static void measure(struct export_template *template)
{
	template->is_fixed = true;
	for (unsigned i = 0; i < template->n_fields; i++) {
		const uint16_t len = template->fields[i].len;

		assert(len > 0);
		template->len_min += len == FIELD_VARIABLE ? 1 : len;
		template->is_fixed &= len != FIELD_VARIABLE;
	}
}

struct export_template *template_new(
	enum export_version version, const struct told_field *fields, unsigned n)
{
	char keys[TEMPLATE_FIELDS_MAX * TEMPLATE_KEY_MAX];
	struct template_field made[TEMPLATE_FIELDS_MAX];
	char *to = keys;

	for (unsigned i = 0; i < n; i++)
		to = make_field(version, fields, i, &made[i], to);

	const size_t keys_size = (size_t)(to - keys), head = n * sizeof(made[0]);
	struct export_template *template = calloc(1, sizeof(*template) + head + keys_size);
	if (template == NULL)
		abort();
	template->size = sizeof(*template) + head + keys_size;
	template->n_fields = n;
	memcpy(template->fields, made, head);
	char *own = (char *)&template->fields[n];
	memcpy(own, keys, keys_size);
	for (unsigned i = 0; i < n; i++)
		template->fields[i].key.ptr = own + (made[i].key.ptr - keys);
	template->hash = XXH3_64bits(fields, n * sizeof(*fields));
	measure(template);
	if (template->len_min > 0)
		return template;
	free(template);
	return NULL;
}

/* ---- remembering ------------------------------------------------------------------------ */

static struct export_template **place_of(struct export_domain *domain, uint16_t id)
{
	struct export_template **at = &domain->templates[id % DOMAIN_TEMPLATE_CHAINS];

	while (*at != NULL && (*at)->id != id)
		at = &(*at)->next;
	return at;
}

static void unlink_use(struct exporter *exporter, struct export_template *template)
{
	if (template->newer != NULL)
		template->newer->older = template->older;
	else
		exporter->newest_template = template->older;
	if (template->older != NULL)
		template->older->newer = template->newer;
	else
		exporter->oldest_template = template->newer;
}

static void link_use(struct exporter *exporter, struct export_template *template)
{
	template->newer = NULL;
	template->older = exporter->newest_template;
	if (exporter->newest_template != NULL)
		exporter->newest_template->newer = template;
	else
		exporter->oldest_template = template;
	exporter->newest_template = template;
}

static void drop(struct exporters *exporters, struct export_template **at)
{
	struct export_template *template = *at;
	struct exporter *exporter = template->domain->exporter;

	*at = template->next;
	unlink_use(exporter, template);
	exporter->templates_size -= template->size;
	exporter_shrank(exporters, exporter, template->size);
	free(template);
}

static void push_one_out(struct exporters *exporters, struct exporter *exporter)
{
	struct export_template *oldest = exporter->oldest_template;

	counter_add(&pushed_out, 1);
	drop(exporters, place_of(oldest->domain, oldest->id));
}

void templates_put(const struct export_head *head, struct export_template *template)
{
	struct exporters *exporters = head->exporters;
	struct export_domain *domain = head->domain;
	struct exporter *exporter = domain->exporter;
	struct export_template **at = place_of(domain, template->id);

	counter_add(&told, 1);
	if (*at != NULL) {
		const bool is_same = (*at)->hash == template->hash &&
				     (*at)->is_options == template->is_options;

		counter_add(&changed, !is_same);
		drop(exporters, at);
	}
	while (exporter->oldest_template != NULL &&
		exporter->templates_size + template->size > EXPORTER_TEMPLATES_SIZE)
		push_one_out(exporters, exporter);
	template->told_ms = head->now_ms;
	template->domain = domain;
	at = &domain->templates[template->id % DOMAIN_TEMPLATE_CHAINS];
	template->next = *at;
	*at = template;
	link_use(exporter, template);
	exporter->templates_size += template->size;
	exporter_grew(exporters, exporter, template->size);
}

const struct export_template *templates_find(const struct export_head *head, uint16_t id)
{
	struct export_template **at = place_of(head->domain, id);

	if (*at == NULL)
		return NULL;
	if (head->now_ms - (*at)->told_ms > EXPORT_TEMPLATE_AGE_MS) {
		counter_add(&too_old, 1);
		drop(head->exporters, at);
		return NULL;
	}
	unlink_use(head->domain->exporter, *at);
	link_use(head->domain->exporter, *at);
	return *at;
}

void templates_withdraw(const struct export_head *head, uint16_t id)
{
	struct export_template **at = place_of(head->domain, id);

	if (*at != NULL)
		drop(head->exporters, at);
}

static void drop_those(struct exporters *exporters, struct export_domain *domain,
	bool (*fits)(const struct export_template *))
{
	for (unsigned i = 0; i < DOMAIN_TEMPLATE_CHAINS; i++) {
		struct export_template **at = &domain->templates[i];

		while (*at != NULL) {
			if (fits(*at))
				drop(exporters, at);
			else
				at = &(*at)->next;
		}
	}
}

static bool is_options(const struct export_template *template)
{
	return template->is_options;
}

static bool is_no_options(const struct export_template *template)
{
	return !template->is_options;
}

static bool is_any(const struct export_template *template)
{
	(void)template;
	return true;
}

void templates_withdraw_all(const struct export_head *head, bool options)
{
	drop_those(head->exporters, head->domain, options ? is_options : is_no_options);
}

void templates_forget(struct exporters *exporters, struct export_domain *domain)
{
	drop_those(exporters, domain, is_any);
}
