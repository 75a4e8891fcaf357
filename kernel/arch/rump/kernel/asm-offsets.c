// SPDX-License-Identifier: GPL-2.0-only
#define COMPILE_OFFSETS
#include <linux/kbuild.h>
#include <linux/sched.h>
#include <asm/ptrace.h>
#include <asm/vcpu.h>

int main(void);
int main(void)
{
	OFFSET(VCPU_OWNER, rump_vcpu, owner);
	OFFSET(VCPU_PENDING, rump_vcpu, pending);
	OFFSET(VCPU_CURR, rump_vcpu, curr);
	OFFSET(VCPU_RESUME, rump_vcpu, resume);
	OFFSET(VCPU_CARRIER, rump_vcpu, carrier);
	OFFSET(VCPU_DEADLINE, rump_vcpu, deadline);
	OFFSET(VCPU_GUARDED, rump_vcpu, guarded);
	OFFSET(VCPU_TURNS, rump_vcpu, turns);
	OFFSET(HT_HOST_SP, rump_hthread, host_sp);
	OFFSET(HT_KSP, rump_hthread, ksp);
	OFFSET(HT_VCPU, rump_hthread, vcpu);
	OFFSET(HT_TASK, rump_hthread, task);
	OFFSET(HT_ID, rump_hthread, id);
	OFFSET(HT_INTERRUPTED, rump_hthread, interrupted);
	OFFSET(HT_RET, rump_hthread, ret);
	OFFSET(HT_NR, rump_hthread, nr);
	OFFSET(HT_ARGS, rump_hthread, args);
	OFFSET(HT_REQ, rump_hthread, req);
	DEFINE(PT_REGS_SIZE, sizeof(struct pt_regs));
	OFFSET(PT_NR, pt_regs, nr);
	return 0;
}
