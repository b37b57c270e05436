#define _GNU_SOURCE
#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int set_capabilities(uint64_t mask) {
  struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2] = {
      {.effective = (uint32_t)mask, .permitted = (uint32_t)mask},
      {.effective = (uint32_t)(mask >> 32), .permitted = (uint32_t)(mask >> 32)},
  };
  return syscall(SYS_capset, &head, data) < 0 ? -errno : 0;
}

int drop_privileges(uint32_t uid, uint32_t gid, const char *user, uint64_t keep, const char **step) {
  *step = "keep capabilities";
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0) return -errno;
  *step = "set groups";
  if ((user[0] ? initgroups(user, gid) : setgroups(0, NULL)) < 0) return -errno;
  *step = "set group";
  if (setresgid(gid, gid, gid) < 0) return -errno;
  *step = "set user";
  if (setresuid(uid, uid, uid) < 0) return -errno;
  *step = "set capabilities";
  int r = set_capabilities(keep);
  if (r < 0) return r;
  *step = "no new privileges";
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return -errno;
  *step = "";
  return 0;
}
