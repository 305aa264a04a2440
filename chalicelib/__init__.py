"""Relance, on one screen.

    ledgers ──► import_ledger ──► debtor file ◄── apply_replies ◄── archive ◄── collect_mail ◄── mailbox
                                    │      │                                                        ▲
                                    │      └──► tasks for people ──► work_tasks                     │
                                    ▼                                                               │
    agenda ──► run_dunning ──► remind: propose, claim, send, confirm ────────────────────────────► client
                                    ▲                                                               │
                                    └── settle_notices ◄── delivered, bounced, complained ◄─────────┘

1.  import_ledger    Invoices, credit notes and payments become entries of the debtors' files, or nothing does.
2.  run_dunning      Hourly on weekdays: whoever the agenda says is due goes to a queue. If we are blind, nobody.
3.  remind           One debtor: `propose` says what is due, and why the rest is not; the claim on the file lets
                     one worker through; one mail for each currency leaves; what became of it is recorded.
4.  settle_notices   The provider reports later: a mail that bounced reminded nobody, and its address is dead.
5.  collect_mail     Every five minutes: archive first, record, then move the cursor. Nothing is understood yet.
6.  apply_replies    One mail: whose it is, who vouches for it, what it says (`reading`), what that changes
                     (`answers`). Any human answer pauses chasing; what is unclear becomes a task.
7.  work_tasks       People list, take and close tasks; an outcome may promise, dispute, approve or correct. What must
                     be confirmed in writing is ordered and leaves by 3. An approved formal notice is printed once
                     (`print_letter`), mailed and followed by post (`letters`); `litigation_file` packs it all.
8.  watch            Hourly: blindness, mails that a queue lost.
9.  weekly_review    From four in the morning: `count_numbers` adds up every debtor's share once a day; once a week
                     the numbers are mailed to finance.
10. web/pages        What people see and do in a browser: every act is a verb of this list, with their name.
11. personal         On request: what names people as a ZIP (`export_personal`), or erased wherever it lies.

`domain/` and `reading/` decide and are pure: time is an argument, and a file changes only by applying an entry of
its journal. `pipeline/` loads, asks them, saves. `adapters/` implement `ports.py`; each knows one technology and
no other adapter. `bootstrap.py` builds them, `app.py` holds every entry point. Arrows point inward only:

    app, cli, web → pipeline → domain, reading, ports ← adapters
"""
