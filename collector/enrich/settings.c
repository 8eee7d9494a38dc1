#include "collector/enrich/settings.h"

#include "collector/enrich/places.h"

#define AT(member) offsetof(struct enrich_settings, member)
const struct setting enrich_settings_table[] = {
	{"network-plan", SETTING_PATH, AT(networks), "", 0, 0,
		"The province's own networks: zone, agency, system and level by prefix. Empty: "
		"there is no plan, and no address counts as internal."},
	{"vietnam-ranges", SETTING_PATHS, AT(vn), .max = 16,
		.help = "Files of the addresses that are Viet Nam's: a prefix a line, or the "
			"statistics of a registry (delegated-apnic-latest). They say whether "
			"an address is vn or foreign; without them the databases do.",
		.example = "[delegated-apnic-latest]"},
	{"geo-databases", SETTING_PATHS, AT(geo), .max = PLACES_DATABASES_MAX,
		.help = "MaxMind DB files for country, city and autonomous system; the first "
			"that has an answer gives it.",
		.example = "[/var/lib/GeoIP/GeoLite2-City.mmdb, "
			   "/var/lib/GeoIP/GeoLite2-ASN.mmdb]"},
	{"public-suffixes", SETTING_PATH, AT(public_suffixes),
		"/usr/share/publicsuffix/public_suffix_list.dat", 0, 0,
		"The Public Suffix List, which divides names of hosts; Debian's package "
		"publicsuffix has it. Suffixes of .vn are built in. Empty: those alone."},
	{"user-agents", SETTING_FLAG, AT(user_agents), "true", 0, 0,
		"Name, version, system and class of the program that a user agent claims to "
		"be."},
	{0},
};
#undef AT

static void visit_all(const struct setting_texts *paths,
	void (*visit)(void *user, const char *named), void *user)
{
	for (size_t i = 0; i < paths->n; i++)
		visit(user, paths->items[i]);
}

void enrich_settings_paths(
	const char *path, void (*visit)(void *user, const char *named), void *user)
{
	struct strbuf mistakes = STRBUF_INIT(1 << 16);
	struct enrich_settings settings = {0};
	struct conf *conf = conf_load(path, enrich_settings_table, &settings, &mistakes);

	if (conf != NULL) {
		visit(user, settings.networks);
		visit_all(&settings.vn, visit, user);
		visit_all(&settings.geo, visit, user);
		visit(user, settings.public_suffixes);
	}
	conf_free(conf);
	strbuf_done(&mistakes);
}
