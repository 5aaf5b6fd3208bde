# The benchmark: one program for both kernels, and what measures and profiles on this machine.

BENCH_OUT := $(OUT)/bench

BENCH_SRC := $(sort $(wildcard tests/bench/*.c)) tests/bench/start.S user/threads.S
BENCH_OBJ := $(addprefix $(BENCH_OUT)/obj/,$(addsuffix .o,$(basename $(BENCH_SRC))))
BENCH     := $(BENCH_OUT)/root/mmbench $(BENCH_OUT)/root/tiny $(BENCH_OUT)/initramfs.cpio \
	$(BENCH_OUT)/calibrate $(BENCH_OUT)/count.so

BENCH_FLAGS := $(TARGET_FLAGS) -ffreestanding -I. -mgeneral-regs-only \
	-fno-asynchronous-unwind-tables

$(call remember,$(BENCH_OUT)/flags,$(CC) $(BENCH_FLAGS))
$(call remember,$(BENCH_OUT)/sources,$(BENCH_SRC))

.PHONY: bench bench-build bench-programs
.SECONDARY: $(BENCH_OBJ) $(BENCH_OUT)/obj/tests/bench/tiny.o
bench-programs: $(BENCH)
bench-build: kernel bench-programs
	@:

$(BENCH_OUT)/obj/%.o: %.c $(BENCH_OUT)/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(BENCH_FLAGS) -c $< -o $@

$(BENCH_OUT)/obj/%.o: %.S $(BENCH_OUT)/flags
	$(call say,AS,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(BENCH_FLAGS) -D__ASSEMBLER__ -c $< -o $@

# Far from where other programs lie: a profiler tells them apart by address.
BENCH_LINK = $(LD) -nostdlib -static -z noexecstack --build-id=none -Ttext-segment=0x10000000

$(BENCH_OUT)/root/mmbench: $(BENCH_OBJ) $(BENCH_OUT)/sources
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(BENCH_LINK) -o $@ $(BENCH_OBJ)

$(BENCH_OUT)/root/tiny: $(BENCH_OUT)/obj/tests/bench/tiny.o
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(BENCH_LINK) -o $@ $<

# Nothing but /init: where frames lie, and with it what the buddy allocator has to do, is not to
# change with every program that is added to the real one.
$(BENCH_OUT)/initramfs.cpio: $(U)/bin/init tools/mkinitramfs
	$(call say,CPIO,$@)
	$(Q)mkdir -p $(@D) && OBJCOPY='$(OBJCOPY)' tools/mkinitramfs $@ $<

$(BENCH_OUT)/calibrate: tools/bench/calibrate.c
	$(call say,HOSTCC,$<)
	$(Q)mkdir -p $(@D) && $(HOSTCC) -std=gnu11 -O2 $(WARNINGS) -o $@ $< -lpthread

$(BENCH_OUT)/count.so: tools/bench/count.c
	$(call say,HOSTCC,$<)
	$(Q)mkdir -p $(@D) && $(HOSTCC) -std=gnu11 -O2 $(WARNINGS) -shared -fPIC -o $@ $<

# What the user says reaches tools/bench/run literally, by way of its environment.
bench: export BENCH_ROW := $(value ROW)
bench: export BENCH_MODE := $(value MODE)
bench: export BENCH_LINUX := $(value LINUX)
bench: export BENCH_PROFILE := $(value PROFILE)
bench: export BENCH_CHECK := $(value CHECK)
bench: export BENCH_UPDATE := $(value UPDATE)
bench:
	@tools/setup run 1>&2
	@$(BUILD_FIRST) BUILD=release bench-build 1>&2
	@$(BUILD_FIRST) BUILD=release TABLE_FREE=rcu kernel 1>&2
	@tools/bench/run $(OUT)

-include $(BENCH_OBJ:.o=.d)
