import { expect, it } from 'vitest';
import type { Lineage } from '../../../src/registry/index.ts';
import { assessmentOf, commitOf, digestOf, NEWER_RULESET } from '../assessments.ts';
import { describeOnBoth } from '../databases.ts';
import { Bench, codeOf, registered, standing } from '../harness.ts';
import { rita, sam, selma, stranger } from '../people.ts';

describeOnBoth('models and versions', (fresh) => {
  const bench = new Bench(fresh);

  it('register bytes once by digest, however often they are assessed', async () => {
    const registry = await bench.open();
    const first = await registered(registry);
    const again = await registered(registry, { ruleset: NEWER_RULESET });
    const other = await registered(registry, { name: 'two' });
    expect([first.created, again.created, other.created]).toEqual([true, false, true]);
    expect(again.version.id).toBe(first.version.id);
    expect(other.version.number).toBe(2);
    expect(first.version).toMatchObject({
      model: 'acme/model',
      number: 1,
      digest: digestOf('one'),
      ref: 'hf://acme/model',
      pinned: [`hf://acme/model@${commitOf('one')}`],
      stage: 'candidate',
      createdBy: 'sam (https://login.example)',
    });
    const seen = await registry.assessments(sam, first.version.id);
    expect(seen.map(({ assessment }) => assessment.ruleset)).toEqual([NEWER_RULESET, assessmentOf().ruleset]);
    expect(seen[1]?.assessment).toEqual(assessmentOf());
  });

  it('keep the first statement of lineage, also for bytes that were known before', async () => {
    const registry = await bench.open();
    const lineage = { baseModels: [], datasets: ['hf://datasets/squad'], code: null, run: 'runs:/7' };
    const register = (said?: Lineage) =>
      registry.register(sam, {
        model: 'acme/model',
        assessment: assessmentOf(),
        ...(said === undefined ? {} : { lineage: said }),
      });
    const { version } = await register();
    expect(version.lineage).toEqual({ baseModels: [], datasets: [], code: null, run: null });
    expect((await register(lineage)).version.lineage).toEqual(lineage);
    await register({ ...lineage, run: 'runs:/8' });
    await register();
    expect((await registry.version(sam, { id: version.id })).lineage).toEqual(lineage);
    const { items } = await registry.auditLog(sam);
    const told = items.filter(({ action }) => action.startsWith('version.'));
    expect(told.map(({ action, detail }) => [action, detail.lineage])).toEqual([
      ['version.registered', undefined],
      ['version.assessed', lineage],
      ['version.assessed', undefined],
      ['version.assessed', undefined],
    ]);
    const { version: other } = await registry.register(sam, {
      model: 'acme/other',
      assessment: assessmentOf(),
      lineage,
    });
    expect(other.lineage).toEqual(lineage);
  });

  it('get a decision for every stage', async () => {
    const registry = await bench.open();
    const { version, decision } = await registered(registry, { verdict: 'not-assessed' });
    expect(decision).toMatchObject({ stage: 'candidate', decision: { action: 'warn', policy: 'baseline' } });
    const decisions = await registry.decisions(sam, version.id);
    expect(decisions.map(({ stage, decision: { action } }) => [stage, action])).toEqual([
      ['candidate', 'warn'],
      ['staging', 'deny'],
      ['production', 'deny'],
    ]);
  });

  it('are refused when their bytes have no digest that can be relied on', async () => {
    const registry = await bench.open();
    const nothing = assessmentOf({ artifact: { digest: null } });
    expect(await codeOf(registry.register(sam, { model: 'm', assessment: nothing }))).toBe('no-digest');
    const [file, ...files] = assessmentOf().files;
    const claimed = [{ ...file, digestBasis: 'claimed' } as const, ...files] as ReturnType<
      typeof assessmentOf
    >['files'];
    const bare = assessmentOf({ artifact: { pinned: 'https://models.example/m.safetensors' } });
    expect(await codeOf(registry.register(sam, { model: 'm', assessment: { ...bare, files: claimed } }))).toBe(
      'no-digest',
    );
    const pinned = { ...assessmentOf(), files: claimed };
    expect((await registry.register(sam, { model: 'm', assessment: pinned })).created).toBe(true);
    expect(await codeOf(registry.model(sam, 'acme/model'))).toBe('not-found');
  });

  it('are found by digest and by exact references only', async () => {
    const registry = await bench.open();
    const folder = assessmentOf({ name: 'folder', artifact: { ref: './model', pinned: './model' } });
    const { version } = await registry.register(sam, { model: 'acme/folder', assessment: folder });
    expect(version.pinned).toEqual([]);
    expect(await registry.currentDecisions(sam, { ref: './model' })).toEqual([]);
    expect(await registry.currentDecisions(sam, { digest: version.digest })).toMatchObject([
      {
        model: 'acme/folder',
        number: 1,
        stage: 'candidate',
        action: 'allow',
        approvedFor: [],
        notAfter: null,
        reason: '',
      },
    ]);
    await registered(registry);
    const pinned = `hf://acme/model@${commitOf('one')}`;
    expect(await registry.currentDecisions(sam, { ref: pinned })).toMatchObject([
      { digest: digestOf('one'), pinned: [pinned] },
    ]);
    expect(await registry.currentDecisions(sam, { ref: 'hf://acme/model' })).toEqual([]);
    expect(await registry.versionsOf(sam, { ref: pinned })).toMatchObject([{ number: 1 }]);
    expect(await registry.currentDecisions(sam, { ref: 'hf://acme/\0' })).toEqual([]);
  });

  it('list the decisions of the quarantining and of the first model first, whatever number of other names the bytes have', async () => {
    const registry = await bench.open();
    const { version } = await registered(registry, {}, 'acme/first');
    for (let at = 0; at < 100; at++) await registered(registry, {}, `squatter/${at}`);
    const late = await registered(registry, {}, 'acme/late');
    await registry.quarantine(rita, late.version.id, 'a backdoor');
    const answers = await registry.currentDecisions(sam, { digest: version.digest });
    expect(answers.slice(0, 2).map(({ model, stage }) => [model, stage])).toEqual([
      ['acme/late', 'quarantined'],
      ['acme/first', 'candidate'],
    ]);
  });

  it('get a decision for every model that holds the bytes', async () => {
    const registry = await bench.open();
    await registered(registry, {}, 'acme/one');
    await registered(registry, {}, 'acme/two');
    const answers = await registry.currentDecisions(sam, { digest: digestOf('one') });
    expect(answers.map(({ model }) => model).sort()).toEqual(['acme/one', 'acme/two']);
  });

  it('are found by number, digest and alias', async () => {
    const registry = await bench.open();
    const { version } = await registered(registry);
    const { version: second } = await registered(registry, { name: 'two' });
    await registry.setAlias(sam, 'acme/model', 'champion', 1);
    await registry.setAlias(sam, 'acme/model', 'champion', 2);
    const model = 'acme/model';
    expect((await registry.version(sam, { model, number: 1 })).id).toBe(version.id);
    expect((await registry.version(sam, { model, digest: version.digest })).id).toBe(version.id);
    expect(await registry.version(sam, { model, alias: 'champion' })).toMatchObject({
      id: second.id,
      aliases: ['champion'],
    });
    await registry.setAlias(sam, model, 'champion', null);
    expect(await codeOf(registry.version(sam, { model, alias: 'champion' }))).toBe('not-found');
    expect(await codeOf(registry.setAlias(sam, model, 'champion', null))).toBe('not-found');
    expect(await codeOf(registry.setAlias(sam, model, 'champion', 9))).toBe('not-found');
    expect(await codeOf(registry.setAlias(sam, model, '42', 1))).toBe('invalid');
  });

  it('are listed in byte order, page by page', async () => {
    const registry = await bench.open();
    for (const name of ['b', 'a/z', 'A', 'a_b', 'c%d'.replace('%', '-')]) await registered(registry, { name }, name);
    const pages: string[][] = [];
    let after: string | undefined;
    do {
      const page = await registry.models(sam, { limit: 2, ...(after === undefined ? {} : { after }) });
      pages.push(page.items.map(({ name }) => name));
      after = page.next ?? undefined;
    } while (after !== undefined);
    expect(pages).toEqual([['A', 'a/z'], ['a_b', 'b'], ['c-d']]);
    expect((await registry.models(sam, { search: 'A_' })).items.map(({ name }) => name)).toEqual(['a_b']);
    expect((await registry.models(sam, { stage: 'production' })).items).toEqual([]);
    for (const limit of [0, 201, 1.5]) expect(await codeOf(registry.models(sam, { limit }))).toBe('invalid');
    expect(await codeOf(registry.models(sam, { after: '!!' }))).toBe('invalid');
    expect(await codeOf(registry.versions(sam, 'b', { after: 'x' }))).toBe('invalid');
  });

  it('have a summary per model', async () => {
    const registry = await bench.open();
    const staging = await standing(registry, 'staging');
    await registered(registry, { name: 'two' });
    await registered(registry, { name: 'three' });
    const summary = await registry.model(sam, 'acme/model');
    expect(summary).toMatchObject({ versions: 3, newest: { number: 3 } });
    expect(Object.entries(summary.stages).map(([stage, version]) => [stage, version.number])).toEqual([
      ['candidate', 3],
      ['staging', staging.number],
    ]);
    const page = await registry.versions(sam, 'acme/model', { limit: 2 });
    expect(page.items.map(({ number }) => number)).toEqual([3, 2]);
    expect((await registry.versions(sam, 'acme/model', { after: page.next ?? '' })).items).toMatchObject([
      { number: 1 },
    ]);
  });

  it('are hidden from other tenants', async () => {
    const registry = await bench.open();
    const version = await standing(registry, 'staging');
    const [approval] = await registry.approvals(rita, version.id);
    const open = await registry.requestTransition(sam, version.id, 'production', '');
    const { token } = await registry.createToken({ ...rita, roles: ['admin'] }, { name: 'ci', roles: ['submitter'] });
    const waiver = await registry.addWaiver(selma, {
      rule: 'verdict.unknown',
      digest: version.digest,
      reason: 'r',
      owner: 'o',
      expires: '2027-01-31',
    });
    const { job } = await registry.jobs.create(sam, { target: 'hf://a/b', model: 'a', ruleset: 'r' });
    for (const look of [
      () => registry.model(stranger, 'acme/model'),
      () => registry.versions(stranger, 'acme/model'),
      () => registry.version(stranger, { id: version.id }),
      () => registry.version(stranger, { model: 'acme/model', number: 1 }),
      () => registry.assessments(stranger, version.id),
      () => registry.decisions(stranger, version.id),
      () => registry.approvals(stranger, version.id),
      () => registry.setAlias(stranger, 'acme/model', 'x', 1),
      () => registry.transition(stranger, open.id),
      () => registry.requestTransition(stranger, version.id, 'production', ''),
      () => registry.vote(stranger, open.id, { vote: 'approve', role: 'reviewer', comment: '' }),
      () => registry.withdraw(stranger, open.id),
      () => registry.quarantine(stranger, version.id, 'mine'),
      () => registry.retire(stranger, version.id, 'mine'),
      () => registry.revoke(stranger, approval?.id ?? '', 'mine'),
      () => registry.revokeWaiver(stranger, waiver.id),
      () => registry.revokeToken(stranger, token.id),
      () => registry.jobs.get(stranger, job.id),
      () => registry.jobs.cancel(stranger, job.id),
    ]) {
      expect(await codeOf(look())).toBe('not-found');
    }
    expect((await registry.models(stranger)).items).toEqual([]);
    expect((await registry.transitions(stranger)).items).toEqual([]);
    expect((await registry.waivers(stranger)).items).toEqual([]);
    expect((await registry.auditLog(stranger)).items).toEqual([]);
    expect((await registry.jobs.list(stranger)).items).toEqual([]);
    expect(await registry.tokens(stranger)).toEqual([]);
    expect(await registry.currentDecisions(stranger, { digest: version.digest })).toEqual([]);
    expect(await registry.versionsOf(stranger, { digest: version.digest })).toEqual([]);
  });

  it('are refused under invalid names, and nothing is written', async () => {
    const registry = await bench.open();
    for (const model of ['', '../x', 'a//b', '/a', 'a b', 'x'.repeat(201), 'a\n', 'é']) {
      expect(await codeOf(registry.register(sam, { model, assessment: assessmentOf() }))).toBe('invalid');
    }
    for (const by of [
      { ...sam, tenant: '' },
      { ...sam, tenant: '../x' },
      { ...sam, subject: 'a\nb' },
    ]) {
      expect(await codeOf(registry.register(by, { model: 'a', assessment: assessmentOf() }))).toBe('invalid');
    }
    for (const artifact of [
      { ref: 'a\0b' },
      { pinned: 'x'.repeat(2000) },
      { digest: 'sha256:zz' },
      { ref: '\ud800' },
    ]) {
      const assessment = assessmentOf({ artifact });
      expect(await codeOf(registry.register(sam, { model: 'a', assessment }))).toBe('invalid');
    }
    expect((await registry.auditLog(sam)).items).toEqual([]);
    expect((await registry.models(sam)).items).toEqual([]);
  });
});
