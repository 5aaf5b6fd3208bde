# The initramfs (a cpio "newc" archive) and the bootable ISO.

INITRAMFS := $(OUT)/initramfs.cpio

# The shell and the everyday commands: Debian's busybox-static, if it is there and really static.
BUSYBOX := $(shell ldd /bin/busybox 2>&1 | grep -q 'not a dynamic' && echo /bin/busybox)

$(call remember,$(OUT)/image-sources,$(BIN) $(TESTS) $(DATA) $(BUSYBOX))

.PHONY: initramfs iso
initramfs: $(INITRAMFS)

$(INITRAMFS): $(BIN) $(TESTS) $(DATA) tools/mkinitramfs $(OUT)/image-sources
	$(call say,CPIO,$@)
	$(Q)OBJCOPY='$(OBJCOPY)' BUSYBOX='$(BUSYBOX)' tools/mkinitramfs $@ $(BIN) $(TESTS) \
		$(if $(DATA),$(U)/tests/data)

iso: $(OUT)/pleat.iso

$(OUT)/pleat.iso: $(KERNEL) $(INITRAMFS) tools/mkiso boot/grub.cfg
	$(call say,ISO,$@)
	$(Q)tools/mkiso $@ $(KERNEL) $(INITRAMFS)
