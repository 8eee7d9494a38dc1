/*
 * xml - XML of ourselves and of others, read without trust
 *
 * UTF-8 only, no document type (so no entities), no network, no file but our
 * own schemas, at most XML_FILE_MAX bytes, libxml2's 256 levels, and not more
 * attributes and namespaces than it deals with in good time. Any thread.
 */
#ifndef COLLECTOR_NATIONAL_XML_H
#define COLLECTOR_NATIONAL_XML_H

#include <libxml/tree.h>

#include "collector/national/profile.h"
#include "common/mistakes.h"

enum { XML_FILE_MAX = 4 << 20 };

/* NULL after a mistake; the caller frees with xmlFreeDoc(). */
MUST_USE xmlDoc *xml_read(struct slice text, struct mistakes *mistakes);

/* The same for what this program wrote itself: not held against the bounds on attributes and
 * namespaces, which are there for those who would make a reader work for minutes. */
MUST_USE xmlDoc *xml_read_own(struct slice text, struct mistakes *mistakes);

/* Does the document fit schemas/NAME of the profile? Every mistake is added. */
MUST_USE bool xml_fits(const struct national_profile *profile, const char *name, xmlDoc *doc,
	struct mistakes *mistakes);

/* Is it an element of that name and namespace (NULL: none)? */
bool xml_is(const xmlNode *node, const char *name, const char *namespace);

/* The first child element of that name and namespace, NULL when there is none. */
xmlNode *xml_child(const xmlNode *parent, const char *name, const char *namespace);

/* The next element after `node` among its brothers, or `node` itself if it is one. */
xmlNode *xml_element(xmlNode *node);

/* Appends all text below `node`. */
void xml_text(const xmlNode *node, struct strbuf *out);

/* Appends an attribute's value; nothing when there is none. */
void xml_attribute(const xmlNode *node, const char *name, struct strbuf *out);

/* Appends any bytes as the text of an element or attribute: what XML 1.0 cannot hold becomes
 * U+FFFD. */
void xml_escape(struct strbuf *out, struct slice text);

#endif
