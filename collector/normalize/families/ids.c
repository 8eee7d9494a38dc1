#include "collector/normalize/families/ids.h"

#include "collector/normalize/text/extract.h"
#include "common/netaddr.h"

static const struct {
	struct slice name, description;
	enum attack_class attack;
} classes[] = {
#define CLASSTYPE(name, description, attack)                                                   \
	{{SLICE_BYTES(name)}, {SLICE_BYTES(description)}, CLASS_##attack},
#include "collector/normalize/families/ids_classes.def"
#undef CLASSTYPE
};

/* Rules of people's own making have classes of their own, or none. */
static enum attack_class attack_of_category(struct slice category)
{
	for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
		if (slice_eq_nocase(classes[i].description, category) ||
			slice_eq_nocase(classes[i].name, category))
			return classes[i].attack;
	}
	return attack_of_name(category, CLASS_OTHER);
}

/* A class that says little leaves it to the signature's name. */
static enum attack_class attack_of_alert(const struct ids_alert *alert)
{
	enum attack_class attack = attack_of_category(alert->category);

	if (attack == CLASS_OTHER || attack == CLASS_UNAUTHORIZED_ACCESS)
		attack = attack_of_name(alert->signature, attack);
	return attack;
}

static enum severity severity_of_priority(struct slice priority)
{
	if (slice_eq(priority, SLICE_LIT("1")))
		return SEVERITY_HIGH;
	if (slice_eq(priority, SLICE_LIT("2")) || slice_absent(priority))
		return SEVERITY_MEDIUM;
	return SEVERITY_LOW;
}

static bool is_malware(enum attack_class attack)
{
	return attack == CLASS_MALWARE || attack == CLASS_RANSOMWARE;
}

void put_ids_alert(
	struct record *record, struct parse_context *context, const struct ids_alert *alert)
{
	enum attack_class attack = attack_of_alert(alert);
	enum telling open = is_malware(attack) ? TELLS_MALWARE : TELLS_ATTACK;
	enum telling stopped = is_malware(attack) ? TELLS_MALWARE_DENIED : TELLS_ATTACK_DENIED;

	put_some(record, context, FIELD_RULE_NAME, alert->signature);
	put_some(record, context, FIELD_RULE_CATEGORY, alert->category);
	put_digits(record, context, FIELD_EVENT_SEVERITY, alert->priority);
	put_telling(record, context, alert->stopped ? stopped : open);
	if (attack != CLASS_NONE)
		put_attack(record, context, attack, severity_of_priority(alert->priority),
			alert->stopped);
	else
		put(record, context, FIELD_EVENT_KIND, SLICE_LIT("alert"));
}

void put_ids_address(struct record *record, struct parse_context *context, struct slice text,
	enum field_id ip, enum field_id port)
{
	struct slice address, number;
	struct netaddr parsed;

	if (slice_absent(text))
		return;
	if (cut_last(text, SLICE_LIT(":"), &address, &number) && all_digits(number) &&
		number.len <= 5 && netaddr_parse(address, &parsed)) {
		put_only_address(record, context, ip, address);
		put_digits(record, context, port, number);
	} else {
		put_only_address(record, context, ip, text);
	}
}
