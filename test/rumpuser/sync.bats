#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Mutexes, reader/writer locks and condition variables.

setup() {
	load setup.bash
}

@test "a free mutex of any kind is taken without an upcall" {
	for kind in plain kmutex spin spin,kmutex; do
		run helper sync mutex_free "$kind"
		assert_success
		refute_output
	done
}

@test "a taken mutex is waited for off the CPU" {
	for kind in plain kmutex; do
		run helper sync mutex_taken "$kind"
		assert_success
		assert_output "$(
			blocking 'holder leaves'
			echo taken
		)"
	done
}

@test "a taken spin mutex is waited for on the CPU" {
	for kind in spin spin,kmutex; do
		run helper sync mutex_taken "$kind"
		assert_success
		assert_output "$(printf '%s\n' 'holder leaves' taken)"
	done
}

@test "enter_nowrap waits on the CPU for any kind of mutex" {
	for kind in kmutex spin spin,kmutex; do
		run helper sync mutex_taken "$kind,nowrap"
		assert_success
		assert_output "$(printf '%s\n' 'holder leaves' taken)"
	done
}

@test "the owner of a mutex is the lwp that entered it, and nobody after exit" {
	for kind in kmutex spin,kmutex; do
		run helper sync mutex_owner "$kind"
		assert_success
	done
}

@test "misuse of a lock is a panic that says what was done" {
	for mistake in mutex_exit mutex_exit_other mutex_enter mutex_destroy mutex_init \
		rw_exit rw_downgrade rw_destroy owner; do
		run -134 helper sync mistake "$mistake"
		assert_output --regexp '^rumpuser: .*(mutex|rw)'
	done
}

@test "only one thread is in a mutex, ever" {
	for kind in plain kmutex spin spin,kmutex; do
		run helper sync mutex_stress "$kind"
		assert_success
	done
}

@test "a free reader/writer lock is taken without an upcall, and held as it says" {
	run helper sync rw_free
	assert_success
	refute_output
}

@test "the only reader can become the writer, and the writer a reader" {
	run helper sync rw_change
	assert_success
	refute_output
}

@test "a taken reader/writer lock is waited for off the CPU" {
	for held_wanted in 'writer writer' 'writer reader' 'reader writer'; do
		# shellcheck disable=SC2086
		run helper sync rw_taken $held_wanted
		assert_success
		assert_output "$(
			blocking 'holder leaves'
			echo taken
		)"
	done
}

@test "readers read together without an upcall" {
	run helper sync rw_taken reader reader
	assert_success
	assert_output "$(printf '%s\n' taken 'holder leaves')"
}

@test "a reader queues behind a waiting writer, and before the next one" {
	run helper sync rw_queue
	assert_success
}

@test "neither many readers keep out a writer nor many writers a reader" {
	for many in reader writer; do
		run helper sync rw_starve "$many"
		assert_success
	done
}

@test "readers see nothing half done, through upgrades and downgrades" {
	run helper sync rw_stress
	assert_success
}

@test "a wait gives up the CPU before the mutex, and gets the mutex back before the CPU" {
	for wait in wait timedwait; do
		for kind in plain kmutex spin; do
			run helper cv order "$kind" "$wait"
			assert_success
			assert_output - <<-'LOG'
				mutex held
				backend_unschedule mtx
				signal
				backend_schedule mtx
				mutex held
			LOG
		done
	done
}

@test "a wait with a kernel's spin mutex gets the CPU back before the mutex" {
	for wait in wait timedwait; do
		run helper cv order spin,kmutex "$wait"
		assert_success
		assert_output - <<-'LOG'
			mutex held
			backend_unschedule mtx
			signal
			backend_schedule mtx
			mutex free
		LOG
	done
}

@test "wait_nowrap keeps the CPU" {
	for kind in plain kmutex spin spin,kmutex; do
		run helper cv order "$kind" nowrap
		assert_success
		assert_output signal
	done
}

@test "woken waiters never hold a spin mutex while they want the CPU" {
	run helper cv spin_stress
	assert_success
}

@test "a wait nobody ends is ETIMEDOUT, in time, with the mutex held" {
	for kind in kmutex spin spin,kmutex; do
		run helper cv timeout "$kind"
		assert_success
	done
}

@test "the longest time-out does not wrap around to none" {
	run helper cv forever
	assert_success
}

@test "waiters are counted, and a broadcast wakes every one" {
	for kind in kmutex spin,kmutex; do
		run helper cv broadcast "$kind"
		assert_success
	done
}

@test "destroying a condition variable that has waiters is a panic" {
	run -134 helper cv destroy_busy
	assert_output --partial 'cv_destroy'
}

@test "nothing is lost between producers and consumers" {
	for kind in plain kmutex spin,kmutex; do
		run helper cv ring "$kind"
		assert_success
	done
}
