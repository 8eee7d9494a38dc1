/* avreport - M1: malware found, as AVReport in a signed edXML envelope */

#include "collector/national/profile.h"
#include "collector/national/types/avreport_body.h"
#include "collector/national/types/types.h"
#include "collector/national/xml.h"
#include "collector/national/xmldsig.h"

#define STANDARD_NAMESPACE "http://www.mic.gov.vn/TBT/QCVN_102_2016"

/* The schema knows the standard's namespace; a receiver's own spelling is taken for it. */
static void take_namespace(xmlNode *root, const char *spelling)
{
	for (xmlNs *ns = root->nsDef; ns != NULL; ns = ns->next) {
		if (ns->href != NULL && strcmp((const char *)ns->href, spelling) == 0) {
			xmlFree((xmlChar *)(uintptr_t)ns->href);
			ns->href = xmlStrdup((const xmlChar *)STANDARD_NAMESPACE);
		}
	}
}

static const xmlNode *find_report(xmlDoc *doc)
{
	xmlNode *root = xmlDocGetRootElement(doc);

	if (xml_is(root, "AVReport", NULL))
		return root;
	return xml_child(xml_child(root, "edXMLBody", STANDARD_NAMESPACE), "AVReport", NULL);
}

static void check_items(xmlDoc *doc, struct mistakes *mistakes)
{
	const xmlNode *malware = xml_child(find_report(doc), "Malware", NULL);
	xmlNode *machine = malware != NULL ? xml_element(malware->children) : NULL;
	size_t n = 0;

	for (; machine != NULL; machine = xml_element(machine->next))
		n += xmlChildElementCount(machine);
	if (n > AVREPORT_ITEMS_MAX)
		mistake_add(mistakes, (struct pos){0}, "%zu findings, at most %d in one report",
			n, AVREPORT_ITEMS_MAX);
}

static bool check(const struct national_profile *profile, const char *name, struct slice body,
	struct strbuf *out)
{
	struct mistakes mistakes = mistakes_into(out, name);
	xmlDoc *doc = xml_read(body, &mistakes);

	if (doc != NULL) {
		take_namespace(xmlDocGetRootElement(doc), profile->xml.namespace);
		if (xml_fits(profile, "avreport.xsd", doc, &mistakes))
			check_items(doc, &mistakes);
	}
	xmlFreeDoc(doc);
	return mistakes_end(&mistakes);
}

static bool verify(const struct national_profile *profile, struct slice body,
	struct slice detached, const char *ca_file, struct strbuf *report)
{
	struct mistakes mistakes = mistakes_into(report, "message");

	if (!slice_absent(detached)) {
		strbuf_add_str(
			report, "a malware report has its signature inside, --jws is none\n");
		return false;
	}
	xmlDoc *doc = xml_read(body, &mistakes);
	bool right = doc != NULL && xmldsig_verify(&profile->xml, doc, ca_file, report);

	xmlFreeDoc(doc);
	return right;
}

const struct message_type message_avreport = {
	.name = "avreport",
	.topic = "malware",
	.summary = "malware found on machines, as AVReport in edXML (M1)",
	.source = "Công văn 2290/BTTTT-CATTT; QCVN 102:2016/BTTTT; Công văn 8676/A05-TT4",
	.schema = AVREPORT_SCHEMA,
	.publish = avreport_publish,
	.check = check,
	.verify = verify,
	.tells = avreport_tells,
	.show = avreport_show,
};
