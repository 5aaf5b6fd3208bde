# The benchmark: one program for both kernels, and what measures and profiles on this machine.

B := $(OUT)/bench

BENCH_SRC := $(sort $(wildcard tests/bench/*.c)) tests/bench/start.S user/threads.S
BENCH_OBJ := $(addprefix $(B)/obj/,$(addsuffix .o,$(basename $(BENCH_SRC))))
BENCH     := $(B)/root/mmbench $(B)/root/tiny $(B)/initramfs.cpio $(B)/calibrate $(B)/count.so

BENCH_FLAGS := $(TARGET_FLAGS) -ffreestanding -I. -mgeneral-regs-only -fno-asynchronous-unwind-tables

$(call remember,$(B)/flags,$(CC) $(BENCH_FLAGS))
$(call remember,$(B)/sources,$(BENCH_SRC))

.PHONY: bench bench-build bench-programs
.SECONDARY: $(BENCH_OBJ) $(B)/obj/tests/bench/tiny.o
bench-programs: $(BENCH)
bench-build: kernel bench-programs
	@:

$(B)/obj/%.o: %.c $(B)/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(BENCH_FLAGS) -c $< -o $@

$(B)/obj/%.o: %.S $(B)/flags
	$(call say,AS,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(BENCH_FLAGS) -D__ASSEMBLER__ -c $< -o $@

# Far from where other programs lie: a profiler tells them apart by address.
BENCH_LINK = $(LD) -nostdlib -static -z noexecstack --build-id=none -Ttext-segment=0x10000000

$(B)/root/mmbench: $(BENCH_OBJ) $(B)/sources
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(BENCH_LINK) -o $@ $(BENCH_OBJ)

$(B)/root/tiny: $(B)/obj/tests/bench/tiny.o
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(BENCH_LINK) -o $@ $<

# Nothing but /init: where frames lie, and with it what the buddy allocator has to do, is not to
# change with every program that is added to the real one.
$(B)/initramfs.cpio: $(U)/bin/init tools/mkinitramfs
	$(call say,CPIO,$@)
	$(Q)mkdir -p $(@D) && OBJCOPY='$(OBJCOPY)' tools/mkinitramfs $@ $<

$(B)/calibrate: tools/bench/calibrate.c
	$(call say,HOSTCC,$<)
	$(Q)mkdir -p $(@D) && $(HOSTCC) -std=gnu11 -O2 $(WARNINGS) -o $@ $< -lpthread

$(B)/count.so: tools/bench/count.c
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
	@tools/bench/run $(OUT)

-include $(BENCH_OBJ:.o=.d)
