/* Gives up root and every capability but some. */
#ifndef OISP_PRIVILEGES_H
#define OISP_PRIVILEGES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Becomes `uid` and `gid` with the groups of `user` (none if empty), for good; this thread keeps the capabilities of the mask `keep`, all other
 * threads keep none. Afterwards no exec can gain privileges. 0, or a negative errno with `step` saying where.
 */
int drop_privileges(uint32_t uid, uint32_t gid, const char *user, uint64_t keep, const char **step);

#ifdef __cplusplus
}
#endif

#endif
